package dev.carafe.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The modules of the reactor with their sources and compiled classes, read once. */
final class Modules {
  private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

  static final Path ROOT = root();
  static final List<String> NAMES = names();

  /** Main classes of all modules. */
  static final JavaClasses CLASSES = new ClassFileImporter().importPaths(classDirectories());

  private static final Map<String, String> MODULE_OF_CLASS = moduleOfClass();

  private Modules() {}

  /** The folder of the module that a class of ours is in, or null. */
  static @Nullable String of(JavaClass type) {
    JavaClass outermost = type.getBaseComponentType();
    return MODULE_OF_CLASS.get(outermost.getName());
  }

  static Path sources(String module) {
    return ROOT.resolve(module).resolve("src/main/java");
  }

  static Path classes(String module) {
    return ROOT.resolve(module).resolve("target/classes");
  }

  /** Java files of the modules, tests included. */
  static List<Path> javaFiles() {
    List<Path> files = new ArrayList<>();
    for (String module : NAMES) {
      Path sources = ROOT.resolve(module).resolve("src");
      if (Files.isDirectory(sources)) {
        try (Stream<Path> found = Files.walk(sources)) {
          found.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return files;
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("dev"))) {
      directory = directory.getParent();
    }
    return directory;
  }

  private static List<String> names() {
    List<String> names = new ArrayList<>();
    Matcher matcher = MODULE.matcher(read(ROOT.resolve("pom.xml")));
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return List.copyOf(names);
  }

  private static List<Path> classDirectories() {
    return NAMES.stream().map(Modules::classes).filter(Files::isDirectory).toList();
  }

  private static Map<String, String> moduleOfClass() {
    Map<String, String> modules = new HashMap<>();
    for (JavaClass type : CLASSES) {
      String file = type.getSource().map(source -> Path.of(source.getUri()).toString()).orElse("");
      NAMES.stream()
          .filter(module -> file.startsWith(classes(module).toString() + "/"))
          .forEach(module -> modules.put(type.getName(), module));
    }
    return Map.copyOf(modules);
  }
}
