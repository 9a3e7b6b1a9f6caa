package dev.carafe.testkit.files;

import static dev.carafe.testkit.FsTree.dir;
import static dev.carafe.testkit.FsTree.file;
import static dev.carafe.testkit.FsTree.symlink;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.spi.files.ContainerFiles.Root;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.FsTree;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link ContainerFiles} as tests, on trees that mean harm. Subclass it and say how
 * to open yours. Every check has an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class ContainerFilesConformance {
  private static final int BLOCK = 512;

  private Path tree;
  private Path other;
  private Path outside;
  private ContainerFiles files;

  /** Opens it over a private directory. */
  protected abstract ContainerFiles open(Path directory) throws Exception;

  @BeforeEach
  void open(WorkDirectory work) throws Exception {
    tree = Files.createDirectory(work.path().resolve("tree"));
    other = Files.createDirectory(work.path().resolve("other"));
    outside = Files.createDirectory(work.path().resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    files = open(Files.createDirectory(work.path().resolve("private")));
    if (files instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
  }

  private static Root root(Path directory) {
    return new Root.Mounted(
        List.of(new Mount("bind", directory.toString(), List.of("rbind", "rw"))));
  }

  private byte[] read(String path, boolean alone) {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    files.read(root(tree), path, alone, archive);
    return archive.toByteArray();
  }

  private void write(String path, byte[] archive) {
    files.write(root(other), path, true, new ByteArrayInputStream(archive));
  }

  private static boolean contains(byte[] archive, String text) {
    return new String(archive, StandardCharsets.ISO_8859_1).contains(text);
  }

  /** An archive of one file, by hand: any name will do. */
  private static byte[] archive(String name, char type, String link, String content) {
    byte[] body = content.getBytes(StandardCharsets.UTF_8);
    byte[] archive = new byte[BLOCK + (body.length + BLOCK - 1) / BLOCK * BLOCK + 2 * BLOCK];
    put(archive, 0, name);
    put(archive, 100, "0000644");
    put(archive, 108, "0000000");
    put(archive, 116, "0000000");
    put(archive, 124, String.format("%011o", body.length));
    put(archive, 136, "00000000000");
    put(archive, 148, "        ");
    archive[156] = (byte) type;
    put(archive, 157, link);
    put(archive, 257, "ustar");
    put(archive, 263, "00");
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += archive[i] & 0xff;
    }
    put(archive, 148, String.format("%06o", sum));
    archive[154] = 0;
    System.arraycopy(body, 0, archive, BLOCK, body.length);
    return archive;
  }

  private static void put(byte[] archive, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, archive, at, bytes.length);
  }

  private void assertNothingOutside() throws IOException {
    assertEquals("secret", Files.readString(outside.resolve("secret")));
    try (var entries = Files.list(outside)) {
      assertEquals(1, entries.count());
    }
  }

  @Test
  @DisplayName("FILES-ROUND-01 what is read from one tree is written into another")
  void roundTrip() {
    FsTree all =
        FsTree.of(
            dir("/a", 0755),
            dir("/a/b", 0700),
            file("/a/b/f", "text", 0640),
            file("/a/run", "x", 0755),
            symlink("/a/link", "b/f"));
    all.applyTo(tree);

    write("/", read("/a", false));

    all.assertSameAs(other);
  }

  @Test
  @DisplayName("FILES-READ-01 names begin with the last part of the path")
  void names() {
    FsTree.of(dir("/a", 0755), dir("/a/b", 0755), file("/a/b/f", "text")).applyTo(tree);
    write("/", read("/a/b", false));
    FsTree.of(dir("/b", 0755), file("/b/f", "text")).assertSameAs(other);
  }

  @Test
  @DisplayName("FILES-READ-02 a directory alone is written without what is below it")
  void alone() {
    FsTree.of(dir("/a", 0711), file("/a/f", "text")).applyTo(tree);
    write("/", read("/a", true));
    FsTree.of(dir("/a", 0711)).assertSameAs(other);
  }

  @Test
  @DisplayName("FILES-READ-03 what is not there is not found")
  void absent() {
    assertThrows(NotFoundException.class, () -> read("/none", false));
    assertThrows(NotFoundException.class, () -> read("/none/below", false));
    assertThrows(NotFoundException.class, () -> write("/none", archive("f", '0', "", "x")));
  }

  @Test
  @DisplayName("FILES-SAFE-01 no path and no link leads out of the tree when reading")
  void readsInside() throws IOException {
    Files.createSymbolicLink(tree.resolve("absolute"), outside);
    Files.createSymbolicLink(tree.resolve("relative"), Path.of("../outside"));
    for (String path :
        List.of(
            "/absolute/secret",
            "/relative/secret",
            "/../outside/secret",
            "../outside/secret",
            "/absolute/",
            "/x/../../outside/secret")) {
      byte[] seen;
      try {
        seen = read(path, false);
      } catch (DaemonException e) {
        continue;
      }
      assertFalse(contains(seen, "secret\0"), path);
      assertFalse(contains(seen, "secret"), path);
    }
  }

  @Test
  @DisplayName("FILES-SAFE-02 no path and no link leads out of the tree when writing")
  void writesInside() throws IOException {
    Files.createSymbolicLink(other.resolve("absolute"), outside);
    Files.createSymbolicLink(other.resolve("relative"), Path.of("../outside"));
    for (String path : List.of("/absolute", "/relative", "/../outside", "../outside")) {
      try {
        write(path, archive("f", '0', "", "x"));
      } catch (DaemonException e) {
        continue;
      }
      assertNothingOutside();
    }
    assertNothingOutside();
  }

  @Test
  @DisplayName("FILES-SAFE-03 no entry leads out of the tree")
  void hostileEntries() throws IOException {
    Files.createSymbolicLink(other.resolve("link"), outside);
    for (byte[] hostile :
        List.of(
            archive("../outside/secret", '0', "", "mine"),
            archive("../../outside/new", '0', "", "mine"),
            archive(outside.resolve("secret").toString(), '0', "", "mine"),
            archive("link/secret", '0', "", "mine"),
            archive("link/new", '0', "", "mine"),
            archive("hard", '1', "../outside/secret", ""),
            archive("hard", '1', "link/secret", ""))) {
      try {
        write("/", hostile);
      } catch (DaemonException e) {
        assertFalse(String.valueOf(e.getMessage()).isBlank());
      }
      assertNothingOutside();
    }
    if (Files.exists(other.resolve("hard"))) {
      assertFalse(Files.isSameFile(other.resolve("hard"), outside.resolve("secret")));
    }
  }

  @Test
  @DisplayName("FILES-WRITE-01 a file is no directory to write below")
  void intoFile() {
    FsTree.of(file("/f", "x")).applyTo(other);
    assertThrows(InvalidArgumentException.class, () -> write("/f", archive("g", '0', "", "x")));
  }

  @Test
  @DisplayName("FILES-WRITE-02 owners are root's unless they are to be kept")
  void owners() throws IOException {
    FsTree.of(file("/f", "x"), FsTree.owner("/f", 1000, 50)).applyTo(tree);
    byte[] archive = read("/f", false);
    files.write(root(other), "/", false, new ByteArrayInputStream(archive));
    assertEquals(0, Files.getAttribute(other.resolve("f"), "unix:uid"));
    files.write(root(other), "/", true, new ByteArrayInputStream(archive));
    assertEquals(1000, Files.getAttribute(other.resolve("f"), "unix:uid"));
    assertEquals(50, Files.getAttribute(other.resolve("f"), "unix:gid"));
  }

  @Test
  @DisplayName("FILES-WRITE-03 an archive that was cut off fails")
  void cutOff() {
    byte[] whole = archive("f", '0', "", "x".repeat(3000));
    byte[] part = java.util.Arrays.copyOf(whole, 1500);
    assertThrows(DaemonException.class, () -> write("/", part));
  }

  @Test
  @DisplayName("FILES-PROC-01 the root of a process, and of that process only")
  void process() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "1000").start();
    try {
      Root.OfProcess root = files.process(sleeper.pid());
      Root.OfProcess other = new Root.OfProcess(root.pid(), root.startTime() + 1);
      Path secret = outside.resolve("secret");
      ByteArrayOutputStream archive = new ByteArrayOutputStream();
      files.read(root, secret.toString(), false, archive);
      assertTrue(contains(archive.toByteArray(), "secret"));
      assertThrows(NotFoundException.class, () -> readFrom(other, secret));
      sleeper.destroyForcibly();
      sleeper.waitFor();
      assertThrows(NotFoundException.class, () -> readFrom(root, secret));
      assertThrows(NotFoundException.class, () -> files.process(sleeper.pid()));
    } finally {
      sleeper.destroyForcibly();
    }
  }

  private void readFrom(Root root, Path path) {
    files.read(root, path.toString(), false, new ByteArrayOutputStream());
  }
}
