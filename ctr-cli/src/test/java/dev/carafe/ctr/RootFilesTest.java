package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.api.types.Mount;
import dev.carafe.linux.Fd;
import dev.carafe.linux.PathCalls;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.XattrCalls;
import dev.carafe.oci.ContainerUser;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RootFilesTest {
  private static final int CHARACTER_DEVICE = 0020000;

  @TempDir Path directory;
  private Path root;
  private Path outside;

  @BeforeEach
  void makeRoot() throws IOException {
    root = Files.createDirectories(directory.resolve("root"));
    Files.createDirectories(root.resolve("etc"));
    outside = Files.createDirectories(directory.resolve("outside/etc"));
    Files.writeString(outside.resolve("passwd"), "bob:x:666:666::/:\n");
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0::/:\nbob:x:7:8::/:\n");
    Files.writeString(root.resolve("etc/group"), "bob:x:8:\nwheel:x:10:root,bob\n");
  }

  private static List<String> list(Iterable<String> lines) {
    List<String> list = new ArrayList<>();
    lines.forEach(list::add);
    return list;
  }

  private List<String> passwd() {
    return list(RootFiles.ofDirectory(root).passwd());
  }

  @Test
  void filesAreReadByLine() {
    assertEquals(List.of("root:x:0:0::/:", "bob:x:7:8::/:"), passwd());
    assertEquals(
        new ContainerUser(7, 8, List.of(8L, 10L)),
        ContainerUser.resolve("bob", RootFiles.ofDirectory(root)));
  }

  @Test
  void absentFilesAreEmpty() throws IOException {
    Files.delete(root.resolve("etc/passwd"));
    assertEquals(List.of(), passwd());
    Files.delete(root.resolve("etc/group"));
    Files.delete(root.resolve("etc"));
    assertEquals(List.of(), passwd());
    Files.writeString(root.resolve("etc"), "a file");
    assertEquals(List.of(), passwd());
  }

  @Test
  void linksStayInsideTheRoot() throws IOException {
    Path passwd = root.resolve("etc/passwd");
    for (String target :
        List.of(
            "/outside/etc/passwd",
            outside.resolve("passwd").toString(),
            "../../outside/etc/passwd",
            "../../../../../../../../.." + outside.resolve("passwd"))) {
      Files.delete(passwd);
      Files.createSymbolicLink(passwd, Path.of(target));
      assertEquals(List.of(), passwd(), target);
    }
    Files.createDirectories(root.resolve("lib"));
    Files.writeString(root.resolve("lib/users"), "eve:x:1:1::/:");
    Files.delete(passwd);
    Files.createSymbolicLink(passwd, Path.of("/lib/users"));
    assertEquals(List.of("eve:x:1:1::/:"), passwd());
  }

  @Test
  void linkedEtcStaysInsideTheRoot() throws IOException {
    Files.move(root.resolve("etc"), root.resolve("real"));
    Files.createSymbolicLink(root.resolve("etc"), Path.of("/real"));
    assertEquals(2, passwd().size());

    Files.delete(root.resolve("etc"));
    Files.createSymbolicLink(root.resolve("etc"), outside);
    assertEquals(List.of(), passwd());
  }

  @Test
  void magicLinksAreNotFollowed() throws IOException {
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("/proc/self/exe"));
    assertEquals(List.of(), passwd());
  }

  @Test
  void loopIsAnError() throws IOException {
    Files.delete(root.resolve("etc/passwd"));
    Files.createSymbolicLink(root.resolve("etc/passwd"), Path.of("passwd"));

    assertThrows(InvalidArgumentException.class, this::passwd);
  }

  @Test
  void fifoIsRefusedAndNotWaitedFor() throws IOException {
    Files.delete(root.resolve("etc/passwd"));
    PathCalls.mkfifoat(Fd.CWD, RawPath.of(root.resolve("etc/passwd")), 0644);

    DaemonException e = assertThrows(InvalidArgumentException.class, this::passwd);

    assertEquals("/etc/passwd of the container: not a regular file", e.getMessage());
  }

  @Test
  void deviceIsRefusedAndNotOpened() throws IOException {
    assumeTrue(isRoot());
    Files.delete(root.resolve("etc/passwd"));
    // No driver has this number: to open it would be another error.
    RawPath path = RawPath.of(root.resolve("etc/passwd"));
    PathCalls.mknodat(Fd.CWD, path, CHARACTER_DEVICE | 0644, 4000, 77);

    DaemonException e = assertThrows(InvalidArgumentException.class, this::passwd);

    assertEquals("/etc/passwd of the container: not a regular file", e.getMessage());
  }

  @Test
  void directoryIsRefused() throws IOException {
    Files.delete(root.resolve("etc/passwd"));
    Files.createDirectory(root.resolve("etc/passwd"));

    assertThrows(InvalidArgumentException.class, this::passwd);
  }

  @Test
  void fileAboveTheLimitIsRefused() throws IOException {
    try (var file = new RandomAccessFile(root.resolve("etc/passwd").toFile(), "rw")) {
      file.setLength(RootFiles.LIMIT + 1L);
    }

    assertThrows(ResourceExhaustedException.class, this::passwd);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", ":", ",", "x"})
  void largestFileFitsIntoASmallHeap(String filler) throws IOException {
    String text = "wheel:x:10:" + filler.repeat(RootFiles.LIMIT - 20);
    Files.writeString(root.resolve("etc/group"), text);
    Files.writeString(root.resolve("etc/passwd"), text);

    assertEquals(0, ContainerUser.resolve("", RootFiles.ofDirectory(root)).uid());
    assertThrows(
        NotFoundException.class, () -> ContainerUser.resolve("bob", RootFiles.ofDirectory(root)));
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private Path layer(String name, String... files) throws IOException {
    Path layer = Files.createDirectories(directory.resolve(name + "/etc")).getParent();
    for (String file : files) {
      int equals = file.indexOf('=');
      Files.writeString(
          layer.resolve("etc/" + file.substring(0, equals)), file.substring(equals + 1));
    }
    return layer;
  }

  private Mount overlay(Path... lower) throws IOException {
    List<String> names = new ArrayList<>();
    for (Path layer : lower) {
      names.add(layer.toString());
    }
    return Mount.newBuilder()
        .setType("overlay")
        .setSource("overlay")
        .addOptions("workdir=" + Files.createDirectories(directory.resolve("work")))
        .addOptions("upperdir=" + Files.createDirectories(directory.resolve("upper")))
        .addOptions("lowerdir=" + String.join(":", names))
        .build();
  }

  private static void whiteout(Path path) {
    PathCalls.mknodat(Fd.CWD, RawPath.of(path), CHARACTER_DEVICE, 0, 0);
  }

  private static long mounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mountinfo")).size();
  }

  @Test
  void layersAreSeenAsOneTree() throws IOException {
    assumeTrue(isRoot());
    Path top = layer("top", "group=top:x:1:");
    Path bottom = layer("bottom", "passwd=low:x:2:2::/:", "group=low:x:2:");
    long before = mounts();

    RootFiles files = RootFiles.ofSnapshot(List.of(overlay(top, bottom)));

    assertEquals(List.of("low:x:2:2::/:"), list(files.passwd()));
    assertEquals(List.of("top:x:1:"), list(files.group()));
    assertEquals(before, mounts());
  }

  @Test
  void whiteoutsHideWhatIsBelow() throws IOException {
    assumeTrue(isRoot());
    Path top = layer("top");
    Path bottom = layer("bottom", "passwd=low:x:2:2::/:");
    whiteout(top.resolve("etc/passwd"));
    assertEquals(List.of(), list(RootFiles.ofSnapshot(List.of(overlay(top, bottom))).passwd()));

    Files.delete(top.resolve("etc/passwd"));
    Files.delete(top.resolve("etc"));
    whiteout(top.resolve("etc"));
    assertEquals(List.of(), list(RootFiles.ofSnapshot(List.of(overlay(top, bottom))).passwd()));
  }

  @Test
  void opaqueDirectoryHidesWhatIsBelow() throws Exception {
    assumeTrue(isRoot());
    Path top = layer("top");
    Path bottom = layer("bottom", "passwd=low:x:2:2::/:");
    RawPath etc = RawPath.of(top.resolve("etc"));
    XattrCalls.set(etc, "trusted.overlay.opaque", new byte[] {'y'}, XattrCalls.CREATE);

    assertEquals(List.of(), list(RootFiles.ofSnapshot(List.of(overlay(top, bottom))).passwd()));
  }

  @Test
  void singleLayerNeedsNoMount() throws IOException {
    Path only = layer("only", "passwd=low:x:2:2::/:");

    assertEquals(
        List.of("low:x:2:2::/:"), list(RootFiles.ofSnapshot(List.of(overlay(only))).passwd()));
  }

  @Test
  void bindMountIsItsDirectory() {
    Mount bind =
        Mount.newBuilder().setType("bind").setSource(root.toString()).addOptions("rbind").build();

    assertTrue(list(RootFiles.ofSnapshot(List.of(bind)).passwd()).contains("bob:x:7:8::/:"));
  }
}
