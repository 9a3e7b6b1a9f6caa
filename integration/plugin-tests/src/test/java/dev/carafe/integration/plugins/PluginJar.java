package dev.carafe.integration.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.plugins.PluginFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;

/** Compiles sources as a plugin's author would, and packs them into a jar. */
final class PluginJar {
  private final Path work;
  private final Map<String, String> sources = new LinkedHashMap<>();
  private final Map<String, String> notPacked = new LinkedHashMap<>();
  private final Map<String, String> resources = new LinkedHashMap<>();
  private boolean indexed = true;
  private boolean withSpi;

  /**
   * @param work an empty directory for sources and classes
   */
  PluginJar(Path work) {
    this.work = work;
  }

  PluginJar source(String className, String code) {
    sources.put(className, code);
    return this;
  }

  /** A class that is there when the plugin is compiled and missing when it runs. */
  PluginJar compileOnly(String className, String code) {
    notPacked.put(className, code);
    return this;
  }

  PluginJar resource(String name, String text) {
    resources.put(name, text);
    return this;
  }

  /** As if the SPI's annotation processor had not been named. */
  PluginJar withoutIndex() {
    indexed = false;
    return this;
  }

  /** Packs the SPI's classes too, as a careless shading does. */
  PluginJar withSpi() {
    withSpi = true;
    return this;
  }

  Path build(Path jar) throws IOException {
    Path classes = Files.createDirectories(work.resolve("classes"));
    Path missing = Files.createDirectories(work.resolve("missing"));
    if (!notPacked.isEmpty()) {
      compile(notPacked, missing, List.of("-proc:none"));
    }
    List<String> processing =
        indexed
            ? List.of("-processor", "dev.carafe.spi.processor.PluginProcessor")
            : List.of("-proc:none");
    compile(sources, classes, processing);
    for (Map.Entry<String, String> resource : resources.entrySet()) {
      Path file = classes.resolve(resource.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, resource.getValue());
    }
    if (withSpi) {
      copySpi(classes);
    }
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said);
    int code =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(out, out, "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
    assertEquals(0, code, said.toString());
    return jar;
  }

  private void compile(Map<String, String> code, Path classes, List<String> processing)
      throws IOException {
    List<Path> files = new ArrayList<>();
    for (Map.Entry<String, String> source : code.entrySet()) {
      Path file = work.resolve("src").resolve(source.getKey().replace('.', '/') + ".java");
      Files.createDirectories(file.getParent());
      Files.writeString(file, source.getValue());
      files.add(file);
    }
    List<String> options = new ArrayList<>(processing);
    String classPath = System.getProperty("java.class.path") + ":" + work.resolve("missing");
    options.addAll(List.of("-d", classes.toString(), "-classpath", classPath));
    JavaCompiler compiler = javax.tools.ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  said, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
              .call();
      assertTrue(compiled, said.toString());
    }
  }

  private static void copySpi(Path classes) throws IOException {
    String origin =
        PluginFactory.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    Path unpacked = Path.of(origin);
    if (Files.isRegularFile(unpacked)) {
      try (FileSystem jar = FileSystems.newFileSystem(unpacked)) {
        copy(jar.getPath("dev"), classes);
      }
    } else {
      copy(unpacked.resolve("dev"), classes);
    }
  }

  private static void copy(Path from, Path classes) throws IOException {
    Path base = from.toAbsolutePath().getParent();
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = classes.resolve(base.relativize(file.toAbsolutePath()).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }
}
