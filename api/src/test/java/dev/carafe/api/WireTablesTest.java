package dev.carafe.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.protobuf.Descriptors.FileDescriptor;
import dev.carafe.api.ttrpc.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Compares the compiled descriptors with the tables of the wire, in both directions. */
class WireTablesTest {
  private static final List<String> TABLES =
      List.of(
          "carafe",
          "cgroups-v1-metrics",
          "cgroups-v2-metrics",
          "containerd-2.3",
          "cri-v1-1.36",
          "nri-0.12",
          "ttrpc");

  private final List<FileDescriptor> files = compiledFiles();
  private final Set<String> tables = tables();

  @Test
  void everyRowOfTheTablesIsInTheDescriptors() {
    var missing = new TreeSet<>(tables);
    missing.removeAll(DescriptorRows.of(files));

    assertEquals(Set.of(), missing);
  }

  @Test
  void everyDescriptorIsInTheTables() {
    var unknown = new TreeSet<>(DescriptorRows.of(files));
    unknown.removeAll(tables);

    assertEquals(Set.of(), unknown);
  }

  @Test
  void everyFileOnTheWireIsCompiled() {
    var compiled = new HashSet<String>();
    files.forEach(file -> compiled.add(file.getFullName()));

    var imported = new TreeSet<String>();
    for (var file : files) {
      for (var dependency : file.getDependencies()) {
        if (!dependency.getPackage().startsWith("google.")) {
          imported.add(dependency.getFullName());
        }
      }
    }
    imported.removeAll(compiled);

    assertEquals(Set.of(), imported);
    assertEquals(files.size(), compiled.size(), "two files share a path");
  }

  private static Set<String> tables() {
    var rows = new TreeSet<String>();
    for (var table : TABLES) {
      var lines = lines("/wire/" + table + ".tsv");
      assertFalse(lines.isEmpty(), table);
      lines.stream().skip(1).map(WireTablesTest::row).forEach(rows::add);
    }
    return rows;
  }

  /** A package row also names the customary file. Ours are arranged differently. */
  private static String row(String line) {
    var columns = line.split("\t", -1);
    assertEquals(5, columns.length, line);
    if (columns[0].equals("package")) {
      columns[2] = "";
    }
    return String.join("\t", columns);
  }

  private static List<String> lines(String resource) {
    try (var in = WireTablesTest.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + ": no such resource");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every outer class among the compiled ones, so that no file escapes the comparison. */
  private static List<FileDescriptor> compiledFiles() {
    try {
      var source = Request.class.getProtectionDomain().getCodeSource().getLocation();
      var root = Path.of(source.toURI());
      var found = new ArrayList<FileDescriptor>();
      try (var paths = Files.walk(root)) {
        for (var path : paths.filter(WireTablesTest::isOuterClass).sorted().toList()) {
          var name = root.relativize(path).toString().replace('/', '.');
          var outer = Class.forName(name.substring(0, name.length() - ".class".length()));
          found.add((FileDescriptor) outer.getMethod("getDescriptor").invoke(null));
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException
        | ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isOuterClass(Path path) {
    return path.getFileName().toString().endsWith("Proto.class");
  }
}
