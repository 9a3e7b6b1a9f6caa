package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserNamespaceTest {
  private static final IdMapping IDS = IdMapping.parse("0:100000:65536", "0:200000:65536");
  private static final List<String> MAPPED =
      List.of("uidmap=0:100000:65536", "gidmap=0:200000:65536");

  private final Sandbox box = new Sandbox();
  private final int descriptorsBefore = Sandbox.openDescriptors();

  @AfterEach
  void cleanUp() {
    Mounter.kernel().detachAll(box.path.resolve("target"));
    assertEquals(List.of(), MountInfo.atOrBelow(RawPath.of(box.path)));
    assertEquals(descriptorsBefore, Sandbox.openDescriptors());
    box.close();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip().replaceAll("\\s+", " ");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String link(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void itHasItsMappingAndOthersOfItsOwnAndEndsWithTheWork() {
    int others = Namespaces.NEWNET | Namespaces.NEWUTS;
    Path seen =
        UserNamespace.inNew(
            IDS,
            others,
            namespaces -> {
              assertEquals("0 100000 65536", read(namespaces.resolveSibling("uid_map")));
              assertEquals("0 200000 65536", read(namespaces.resolveSibling("gid_map")));
              for (String own : List.of("user", "net", "uts")) {
                assertNotEquals(link(Path.of("/proc/self/ns", own)), link(namespaces.resolve(own)));
              }
              assertEquals(link(Path.of("/proc/self/ns/ipc")), link(namespaces.resolve("ipc")));
              return namespaces;
            });
    assertFalse(Files.exists(seen));
  }

  @Test
  void aFailureLeavesNoHelper() {
    Path[] seen = new Path[1];
    assertThrows(
        IllegalStateException.class,
        () ->
            UserNamespace.inNew(
                IDS,
                0,
                namespaces -> {
                  seen[0] = namespaces;
                  throw new IllegalStateException();
                }));
    assertFalse(Files.exists(seen[0]));
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(box.path.resolve(name));
  }

  private static FileStat stat(Path path) {
    return PathCalls.statx(Fd.CWD, RawPath.of(path), 0);
  }

  private static void assertOwner(long uid, long gid, FileStat stat) {
    assertEquals(List.of(uid, gid), List.of(stat.uid(), stat.gid()));
  }

  private void mount(boolean modern, Mount mount) throws IOException {
    new KernelMounter(MountCalls.kernel(), modern)
        .mount(List.of(mount), RawPath.of(directory("target")));
  }

  private static List<String> with(String... options) {
    var all = new java.util.ArrayList<>(MAPPED);
    all.addAll(List.of(options));
    return all;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBindMountShowsMappedOwners(boolean modern) throws IOException {
    Files.writeString(directory("source").resolve("f"), "x");

    mount(modern, new Mount("bind", box.path + "/source", with("bind", "ro")));

    assertOwner(100_000, 200_000, stat(box.path.resolve("target/f")));
    assertOwner(0, 0, stat(box.path.resolve("source/f")));
    assertTrue(FileCalls.statfs(RawPath.of(box.path.resolve("target"))).readOnly());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anOverlayShowsItsLayersMappedAndWhatIsWrittenAsItIs(boolean modern) throws IOException {
    Files.writeString(directory("a").resolve("f"), "a");
    Files.writeString(directory("b").resolve("g"), "b");
    directory("upper");
    directory("work");
    String layers = "lowerdir=" + box.path + "/a:" + box.path + "/b";
    List<String> options =
        with(layers, "upperdir=" + box.path + "/upper", "workdir=" + box.path + "/work");

    mount(modern, new Mount("overlay", "overlay", options));

    Path target = box.path.resolve("target");
    assertOwner(100_000, 200_000, stat(target.resolve("f")));
    assertOwner(100_000, 200_000, stat(target.resolve("g")));
    Files.write(target.resolve("f"), "more".getBytes(StandardCharsets.UTF_8));
    Files.writeString(target.resolve("new"), "n");
    assertOwner(100_000, 200_000, stat(box.path.resolve("upper/f")));
    assertOwner(0, 0, stat(target.resolve("new")));
    assertEquals("a", Files.readString(box.path.resolve("a/f")));
  }

  @Test
  void theLowerLayersAloneAreMappedToo() throws IOException {
    Files.writeString(directory("a").resolve("f"), "a");
    List<String> options = with("lowerdir=" + box.path + "/a", "upperdir=/none", "workdir=/none");

    try (Fd root = DetachedMount.openLower(List.of(new Mount("overlay", "overlay", options)))) {
      assertOwner(100_000, 200_000, PathCalls.statx(root, RawPath.of("f"), 0));
    }
  }

  @Test
  void oneMappingWithoutTheOtherIsRefused() {
    Mount mount = new Mount("bind", box.path.toString(), List.of("bind", "uidmap=0:1:1"));
    assertThrows(IllegalArgumentException.class, () -> mount(true, mount));
  }
}
