package dev.carafe.plugin.diff.tar;

import com.github.luben.zstd.Zstd;
import com.sun.management.OperatingSystemMXBean;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.testkit.Trees;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * Prints how fast layers are applied: {@code ApplyBench [DIRECTORY [ROUNDS [BUFFER_BYTES
 * BUFFERS]]]}. The directory is best on tmpfs, so that the disk is not what is measured. Each line:
 * uncompressed megabytes and files per second of wall time, how many cores that kept busy, and
 * megabytes per second of one core, which other work on the machine disturbs less.
 */
public final class ApplyBench {
  private static final int MEGABYTE = 1_000_000;

  private ApplyBench() {}

  public static void main(String[] args) throws IOException {
    Path base = Path.of(args.length > 0 ? args[0] : "/dev/shm");
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    TarDifferConfig d = TarDifferConfig.DEFAULT;
    TarDifferConfig config =
        args.length > 3
            ? new TarDifferConfig(
                d.maxEntries(),
                d.maxHeaderBytes(),
                d.maxDepth(),
                d.maxSparseSegments(),
                d.maxLayerBytes(),
                d.maxRatio(),
                d.ratioFloorBytes(),
                d.maxDirectoryBytes(),
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                d.gzipLevel(),
                d.zstdLevel())
            : d;
    Path work = Files.createTempDirectory(base, "apply-bench-");
    try {
      new ZstdLibrary(work).load();
      var differ = new TarDiffer(config, work);
      byte[] big = files(12, 32 << 20);
      byte[] medium = files(6000, 50_000);
      byte[] small = files(120_000, 1000);
      System.out.println("layer             packed   round  MB/s  files/s  cores  MB/core-s");
      run(differ, work, "big", Layers.TAR, big, 12, rounds);
      run(differ, work, "big", Layers.GZIP, big, 12, rounds);
      run(differ, work, "big", Layers.ZSTD, big, 12, rounds);
      run(differ, work, "medium", Layers.GZIP, medium, 6000, rounds);
      run(differ, work, "medium", Layers.ZSTD, medium, 6000, rounds);
      run(differ, work, "small", Layers.TAR, small, 120_000, rounds);
      run(differ, work, "small", Layers.GZIP, small, 120_000, rounds);
    } finally {
      Trees.delete(work);
    }
  }

  private static void run(
      TarDiffer differ, Path work, String name, String mediaType, byte[] tar, int files, int rounds)
      throws IOException {
    byte[] packed = pack(mediaType, tar);
    var layer = new Descriptor(mediaType, Digest.of(packed), packed.length);
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    for (int round = 1; round <= rounds; round++) {
      Path root = Files.createDirectory(work.resolve("root"));
      var request = new ApplyRequest(layer, List.of(Layers.bind(root)), Whiteouts.OVERLAY, false);
      long cpu = system.getProcessCpuTime();
      long start = System.nanoTime();
      differ.apply(request, new ByteArrayInputStream(packed));
      double seconds = (System.nanoTime() - start) / 1e9;
      double cores = (system.getProcessCpuTime() - cpu) / 1e9 / seconds;
      System.out.printf(
          "%-8s %-6s %9d %6d %6.0f %8.0f %6.2f %10.0f%n",
          name,
          mediaType.equals(Layers.TAR) ? "tar" : mediaType.substring(Layers.TAR.length() + 1),
          packed.length,
          round,
          tar.length / seconds / MEGABYTE,
          files / seconds,
          cores,
          tar.length / seconds / MEGABYTE / cores);
      Trees.delete(root);
    }
  }

  /** Files of half random, half repeated bytes: they pack to about half. */
  private static byte[] files(int count, int size) {
    var archive = new TarBuilder();
    var random = new Random(1);
    byte[] body = new byte[size];
    for (int i = 0; i < count; i++) {
      if (i % 100 == 0) {
        archive.dir("d" + i / 100 + "/");
        fill(body, random);
      }
      body[0] = (byte) i;
      archive.entry('0', "d" + i / 100 + "/f" + i, body, _ -> {});
    }
    return archive.build();
  }

  private static void fill(byte[] body, Random random) {
    byte[] words = new byte[4096];
    random.nextBytes(words);
    int at = 0;
    while (at < body.length) {
      int length = Math.min(body.length - at, 8 + random.nextInt(24));
      int from = random.nextInt(words.length - 32);
      System.arraycopy(words, from, body, at, length);
      at += length;
    }
  }

  private static byte[] pack(String mediaType, byte[] tar) throws IOException {
    if (mediaType.equals(Layers.TAR)) {
      return tar;
    }
    if (mediaType.equals(Layers.ZSTD)) {
      return Zstd.compress(tar, 3);
    }
    var packed = new ByteArrayOutputStream();
    try (var gzip =
        new GZIPOutputStream(packed, 1 << 16) {
          {
            def.setLevel(Deflater.DEFAULT_COMPRESSION);
          }
        }) {
      gzip.write(tar);
    }
    return packed.toByteArray();
  }
}
