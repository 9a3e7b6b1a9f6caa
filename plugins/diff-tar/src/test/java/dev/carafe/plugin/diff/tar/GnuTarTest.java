package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.linux.Fd;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.Whiteouts;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Archives of GNU tar become what GNU tar makes of them. */
@ExtendWith(LeakCheck.class)
class GnuTarTest {
  private Path work;
  private Path source;
  private Layers layers;

  @BeforeEach
  void prepare(WorkDirectory directory) throws Exception {
    work = directory.path();
    source = Files.createDirectories(work.resolve("source"));
    layers = new Layers(work);
    assumeTrue(run("tar", "--version").contains("GNU tar"), "GNU tar is not installed");
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private void fill(boolean longNames) throws IOException {
    Files.createDirectories(source.resolve("dir/sub"));
    Files.writeString(source.resolve("dir/file"), "hello");
    Files.write(source.resolve("dir/big"), new byte[3_000_000]);
    Files.createLink(source.resolve("dir/sub/link"), source.resolve("dir/file"));
    Files.createSymbolicLink(source.resolve("symlink"), Path.of("dir/../nowhere"));
    Files.setAttribute(source.resolve("dir/file"), "unix:mode", 06755);
    Files.setAttribute(source.resolve("dir/sub"), "unix:mode", 01777);
    Files.setAttribute(source.resolve("dir/big"), "unix:uid", 12345);
    Files.setAttribute(source.resolve("dir/big"), "unix:gid", 54321);
    try (var sparse = new RandomAccessFile(source.resolve("sparse").toFile(), "rw")) {
      for (int i = 0; i < 60; i++) {
        sparse.seek(i * 200_000L);
        sparse.write(("piece " + i).getBytes(StandardCharsets.US_ASCII));
      }
      sparse.setLength(20_000_000);
    }
    RawPath file = RawPath.of(source.resolve("dir/file"));
    XattrCalls.set(file, "user.comment", "some text".getBytes(StandardCharsets.UTF_8), 0);
    XattrCalls.set(file, "security.capability", HexCapabilities.NET_RAW, 0);
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(source.resolve("fifo")), 0600);
    PathCalls.mknodat(Fd.CWD, RawPath.of(source.resolve("null")), 020666, 1, 3);
    if (longNames) {
      Path deep = source.resolve("l".repeat(120) + "/" + "m".repeat(130) + "/" + "n".repeat(140));
      Files.createDirectories(deep.getParent());
      Files.writeString(deep, "deep");
      Files.createSymbolicLink(source.resolve("longlink"), Path.of("t".repeat(200)));
      Files.writeString(source.resolve("ümläut"), "u");
    }
    var times = new ArrayList<Path>();
    try (var all = Files.walk(source)) {
      all.filter(path -> !Files.isSymbolicLink(path)).forEach(times::add);
    }
    for (Path path : times.reversed()) {
      long seconds = 1_600_000_000L + path.toString().length();
      PathCalls.utimensat(Fd.CWD, RawPath.of(path), 0, PathCalls.UTIME_OMIT, seconds, 123456789, 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pax, ''", "pax, --sparse-version=0.0", "pax, --sparse-version=0.1",
        "pax, --sparse-version=1.0",
    "gnu, ''", "oldgnu, ''", "ustar, ''", "v7, ''"
  })
  void theSameTreeInEveryFormat(String format, String option) throws Exception {
    boolean small = format.equals("ustar") || format.equals("v7");
    fill(!small);
    if (format.equals("v7")) {
      Files.delete(source.resolve("fifo"));
      Files.delete(source.resolve("null"));
    }
    Path archive = work.resolve("archive.tar");
    List<String> create = new ArrayList<>(List.of("tar", "--format=" + format));
    if (!small) {
      create.add("--sparse");
    }
    if (format.equals("pax")) {
      create.addAll(List.of("--xattrs", "--xattrs-include=*"));
    }
    if (!option.isEmpty()) {
      create.add(option);
    }
    create.addAll(List.of("-cf", archive.toString(), "-C", source.toString(), "."));
    run(create.toArray(String[]::new));

    Path expected = Files.createDirectory(work.resolve("expected"));
    run(
        "tar",
        "--xattrs",
        "--xattrs-include=*",
        "--numeric-owner",
        "-xpf",
        archive.toString(),
        "-C",
        expected.toString());
    Path actual = Files.createDirectory(work.resolve("actual"));
    byte[] layer = Files.readAllBytes(archive);
    assertEquals(Digest.of(layer), layers.apply(layer, actual).diffId());
    Map<String, String> tree = Tree.of(expected);
    assertEquals(tree, Tree.of(actual));
    assertTrue(tree.size() >= 7, tree.toString());
    if (!small) {
      assertTrue(blocks("actual/sparse") < 10_000, "the holes are filled");
    }
  }

  private long blocks(String path) {
    return PathCalls.statx(Fd.CWD, RawPath.of(work.resolve(path)), 0).blocks();
  }

  /** What a distribution has in a directory of its own, packed by the tools that it comes with. */
  @ParameterizedTest
  @CsvSource({"gzip, .gz", "zstd, .zst"})
  void aRealTreePackedByRealTools(String tool, String suffix) throws Exception {
    Path archive = work.resolve("etc.tar");
    run("tar", "--format=pax", "--xattrs", "-cf", archive.toString(), "-C", "/", "etc");
    Path expected = Files.createDirectory(work.resolve("expected"));
    run(
        "tar",
        "--xattrs",
        "--xattrs-include=*",
        "--numeric-owner",
        "-xpf",
        archive.toString(),
        "-C",
        expected.toString());
    byte[] plain = Files.readAllBytes(archive);
    assumeTrue(hasTool(tool), tool + " is not installed");
    run(tool, "-q", "-f", archive.toString());
    Path packed = Files.exists(Path.of(archive + suffix)) ? Path.of(archive + suffix) : archive;
    for (Whiteouts whiteouts : Whiteouts.values()) {
      Path actual = Files.createDirectory(work.resolve("actual" + whiteouts));
      byte[] layer = Files.readAllBytes(packed);
      String mediaType = tool.equals("gzip") ? Layers.GZIP : Layers.ZSTD;
      assertEquals(Digest.of(plain), layers.apply(mediaType, layer, actual, whiteouts).diffId());
      assertEquals(Tree.of(expected), Tree.of(actual));
    }
  }

  private static boolean hasTool(String tool) {
    try {
      new ProcessBuilder(tool, "--version").start().waitFor();
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Busybox as images have it: one file under hundreds of names. */
  @Test
  void hundredsOfNamesOfOneFile() throws Exception {
    Path bin = Files.createDirectories(source.resolve("bin"));
    Files.write(bin.resolve("busybox"), new byte[700_000]);
    for (int i = 0; i < 300; i++) {
      Files.createLink(bin.resolve("applet" + i), bin.resolve("busybox"));
    }
    Path archive = work.resolve("archive.tar");
    run("tar", "-cf", archive.toString(), "-C", source.toString(), ".");
    Path actual = Files.createDirectory(work.resolve("actual"));
    layers.apply(Layers.TAR, Files.readAllBytes(archive), actual, Whiteouts.OVERLAY);
    assertEquals(
        Tree.withoutTimes(source).values().stream().distinct().count(),
        Tree.withoutTimes(actual).values().stream().distinct().count());
    assertEquals(
        301, PathCalls.statx(Fd.CWD, RawPath.of(actual.resolve("bin/busybox")), 0).nlink());
  }

  @Test
  void gnuTarReadsWhatDiffWrites() throws Exception {
    fill(true);
    byte[] layer = layers.diff(List.of(), List.of(Layers.bind(source)), Layers.TAR, null);
    Path archive = work.resolve("made.tar");
    Files.write(archive, layer);
    Path extracted = Files.createDirectory(work.resolve("extracted"));
    run(
        "tar",
        "--xattrs",
        "--xattrs-include=*",
        "--numeric-owner",
        "-xpf",
        archive.toString(),
        "-C",
        extracted.toString());
    assertEquals(Tree.of(source), Tree.of(extracted));
  }
}
