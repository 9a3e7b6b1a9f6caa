package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.spi.mounts.Mount;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Calls the differ as the daemon does, and looks after each call whether it left something. */
final class Layers {
  static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  static final String GZIP = TAR + "+gzip";
  static final String ZSTD = TAR + "+zstd";

  private final Differ differ;
  private final Path scratch;

  Layers(Path work, TarDifferConfig config) {
    try {
      scratch = Files.createDirectories(work.resolve("scratch"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    differ = new TarDiffer(config, scratch);
  }

  Layers(Path work) {
    this(work, TarDifferConfig.DEFAULT);
  }

  Differ differ() {
    return differ;
  }

  Path scratch() {
    return scratch;
  }

  static Mount bind(Path directory) {
    return new Mount("bind", directory.toString(), List.of("rbind", "rw"));
  }

  AppliedLayer apply(byte[] layer, Path root) {
    return apply(TAR, layer, root, Whiteouts.DELETE);
  }

  AppliedLayer apply(String mediaType, byte[] layer, Path root, Whiteouts whiteouts) {
    return apply(mediaType, layer, List.of(bind(root)), whiteouts);
  }

  AppliedLayer apply(String mediaType, byte[] layer, List<Mount> mounts, Whiteouts whiteouts) {
    var descriptor = new Descriptor(mediaType, Digest.of(layer), layer.length);
    return apply(
        new ApplyRequest(descriptor, mounts, whiteouts, false), new ByteArrayInputStream(layer));
  }

  AppliedLayer apply(ApplyRequest request, InputStream archive) {
    Map<String, Integer> before = openFiles();
    try {
      return differ.apply(request, archive);
    } finally {
      assertNothingLeft(before);
    }
  }

  byte[] diff(List<Mount> lower, List<Mount> upper, String mediaType, Instant epoch) {
    Map<String, Integer> before = openFiles();
    var out = new ByteArrayOutputStream();
    try {
      differ.diff(new DiffRequest(lower, upper, mediaType, epoch), out);
    } finally {
      assertNothingLeft(before);
    }
    return out.toByteArray();
  }

  private static void assertNothingLeft(Map<String, Integer> before) {
    assertEquals(before, openFiles(), "open files");
    List<String> threads =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("carafe-differ"))
            .toList();
    assertEquals(List.of(), threads, "threads");
  }

  /** What each descriptor refers to, counted; the one that lists them is left out. */
  static Map<String, Integer> openFiles() {
    Map<String, Integer> open = new TreeMap<>();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        try {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (!target.endsWith(".jar") && !target.contains("/proc/")) {
            open.merge(target, 1, Integer::sum);
          }
        } catch (IOException e) {
          // Closed since it was listed.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return open;
  }
}
