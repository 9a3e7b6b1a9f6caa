package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MounterTest {
  private final Sandbox box = new Sandbox();
  private final Path target = box.path.resolve("target");

  private static Mounter mounter(boolean modern) {
    return new KernelMounter(MountCalls.kernel(), modern);
  }

  @BeforeEach
  void makeTarget() throws IOException {
    Files.createDirectories(target);
  }

  @AfterEach
  void cleanUp() {
    Mounter.kernel().detachAll(box.path);
    assertEquals(List.of(), mountsHere());
    box.close();
  }

  private List<MountInfo> mountsHere() {
    return MountInfo.atOrBelow(RawPath.of(box.path));
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(box.path.resolve(name));
  }

  private static Mount bind(Path source, String... options) {
    return new Mount("bind", source.toString(), List.of(options));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bindShowsTheSource(boolean modern) throws IOException {
    Files.writeString(directory("source").resolve("f"), "x");
    mounter(modern).mount(List.of(bind(box.path.resolve("source"), "rbind", "rw")), target);
    Files.writeString(target.resolve("f"), "y");
    assertEquals("y", Files.readString(box.path.resolve("source/f")));
    mounter(modern).unmountAll(target);
    mounter(modern).unmountAll(target);
    assertFalse(Files.exists(target.resolve("f")));
  }

  @Test
  void whatIsMountedAtAPlaceGoesUnlessSomethingIsMountedOnIt() throws IOException {
    // Given two mounts, one over the other, and a third below them
    Mounter mounter = mounter(true);
    Files.createFile(directory("source").resolve("f"));
    Path source = directory("source/sub").getParent();
    mounter.mount(List.of(bind(source, "bind", "rw")), target);
    mounter.mount(List.of(bind(source, "bind", "rw")), target);
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of())), target.resolve("sub"));
    // When, Then
    assertFalse(mounter.unmountAt(target));
    assertEquals(3, mountsHere().size());
    assertTrue(mounter.unmountAt(target.resolve("sub")));
    assertTrue(mounter.unmountAt(target));
    assertEquals(List.of(), mountsHere());
    // And nothing happens where nothing is mounted, or nothing is at all
    assertTrue(mounter.unmountAt(target));
    assertTrue(mounter.unmountAt(box.path.resolve("absent/too")));
    assertTrue(Files.exists(source.resolve("f")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readOnlyBindRefusesWritesAndKeepsOtherAttributes(boolean modern) throws IOException {
    Mounter mounter = mounter(modern);
    Path source = directory("source");
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of("noexec", "nosuid"))), source);
    mounter.mount(List.of(bind(source, "bind", "ro")), target);
    assertThrows(IOException.class, () -> Files.writeString(target.resolve("f"), "y"));
    Files.writeString(source.resolve("f"), "y");
    MountInfo mount = MountInfo.atOrBelow(RawPath.of(target)).getFirst();
    assertTrue(mount.hasOption("ro") && mount.hasOption("noexec") && mount.hasOption("nosuid"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void recursiveReadOnlyReachesMountsBelow(boolean modern) throws IOException {
    Mounter mounter = mounter(modern);
    Path source = directory("source");
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of())), directory("source/sub"));
    mounter.mount(List.of(bind(source, "rbind", "rro")), target);
    assertThrows(IOException.class, () -> Files.writeString(target.resolve("sub/f"), "y"));
    Files.writeString(source.resolve("sub/f"), "y");
    mounter.unmountAll(target);
    assertTrue(Files.exists(source.resolve("sub/f")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void overlayWithMoreLayersThanAPageHolds(boolean modern) throws IOException {
    var layers = new ArrayList<String>();
    String longName = "layer-with-a-rather-long-name-".repeat(6);
    for (int i = 0; i < 100; i++) {
      Path layer = directory(longName + i);
      Files.writeString(layer.resolve("file" + i), "x");
      layers.add(layer.toString());
    }
    Mount overlay =
        new Mount(
            "overlay",
            "overlay",
            List.of(
                "index=off",
                "lowerdir=" + String.join(":", layers),
                "upperdir=" + directory("upper"),
                "workdir=" + directory("work")));
    mounter(modern).mount(List.of(overlay), target);
    assertTrue(Files.exists(target.resolve("file0")) && Files.exists(target.resolve("file99")));
    Files.delete(target.resolve("file5"));
    assertTrue(Files.exists(box.path.resolve("upper/file5"), LinkOption.NOFOLLOW_LINKS));
    mounter(modern).unmountAll(target);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void overlayWithOddNames(boolean modern) throws IOException {
    Path one = directory("lower:1,\\x");
    Path two = directory("lower 2");
    Files.writeString(one.resolve("one"), "x");
    Files.writeString(two.resolve("two"), "x");
    Path upper = directory("upper");
    Path work = directory("work");
    Mount overlay =
        new Mount(
            "overlay",
            "overlay",
            List.of(
                "lowerdir=" + escape(one) + ":" + escape(two),
                "upperdir=" + escape(upper),
                "workdir=" + escape(work)));
    mounter(modern).mount(List.of(overlay), target);
    assertTrue(Files.exists(target.resolve("one")) && Files.exists(target.resolve("two")));
  }

  private static String escape(Path path) {
    return path.toString().replaceAll("([\\\\:,])", "\\\\$1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void targetsBelowAreResolvedInside(boolean modern) throws IOException {
    directory("source/etc");
    Files.createSymbolicLink(box.path.resolve("source/link"), Path.of("/etc"));
    Mount inside = new Mount("tmpfs", "tmpfs", "/link", List.of("size=64k"));
    mounter(modern).mount(List.of(bind(box.path.resolve("source"), "bind"), inside), target);
    assertEquals(
        List.of(target.toString(), target + "/etc"),
        mountsHere().stream().map(m -> m.mountPoint().toString()).toList());
    mounter(modern).unmountAll(target);
    assertEquals(List.of(), mountsHere());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasMountedBeforeAFailureIsUndone(boolean modern) throws IOException {
    Mount good = bind(directory("source"), "ro");
    Mount bad = bind(box.path.resolve("missing"), "ro");
    assertErrno(Errno.ENOENT, () -> mounter(modern).mount(List.of(good, bad), target));
    assertEquals(List.of(), mountsHere());
    Mount unknown = new Mount("nosuchfs", "x", List.of());
    assertErrno(Errno.ENODEV, () -> mounter(modern).mount(List.of(good, unknown), target));
    assertEquals(List.of(), mountsHere());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBusyMountIsReportedAndCanBeDetached(boolean modern) {
    Mounter mounter = mounter(modern);
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of())), target);
    try (Fd busy = PathCalls.open(target, OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0)) {
      assertErrno(Errno.EBUSY, () -> mounter.unmountAll(target));
      mounter.detachAll(target);
      assertEquals(List.of(), mountsHere());
      assertTrue(FileCalls.fstat(busy).isDirectory());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void unmountingACopyLeavesItsSharedSourceMounted(boolean modern) throws IOException {
    Mounter mounter = mounter(modern);
    Path source = directory("source");
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of("rshared"))), source);
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of())), directory("source/sub"));
    mounter.mount(List.of(bind(source, "rbind")), target);
    mounter.mount(List.of(new Mount("tmpfs", "tmpfs", List.of("ro"))), target);
    mounter.unmountAll(target);
    assertEquals(
        List.of(source.toString(), source + "/sub"),
        mountsHere().stream().map(m -> m.mountPoint().toString()).toList());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void propagationIsSet(boolean modern) throws IOException {
    mounter(modern).mount(List.of(bind(directory("source"), "bind", "shared")), target);
    assertTrue(mountsHere().getFirst().tags().getFirst().startsWith("shared:"));
    mounter(modern).mount(List.of(new Mount("", "", List.of("remount", "bind", "ro"))), target);
    assertTrue(mountsHere().getFirst().hasOption("ro"));
  }

  @Test
  void theKernelsExplanationIsInTheMessage() {
    Mount overlay = new Mount("overlay", "overlay", List.of("nonsense=1"));
    var thrown =
        assertThrows(ErrnoException.class, () -> mounter(true).mount(List.of(overlay), target));
    assertTrue(thrown.getMessage().contains("nonsense"), thrown.getMessage());
    assertTrue(thrown.getMessage().contains(target.toString()), thrown.getMessage());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailureAfterARemountLeavesTheMount(boolean modern) throws IOException {
    mounter(modern).mount(List.of(bind(directory("source"), "bind")), target);
    Mount remount = new Mount("", "", List.of("remount", "bind", "ro"));
    Mount bad = bind(box.path.resolve("missing"), "bind");
    assertErrno(Errno.ENOENT, () -> mounter(modern).mount(List.of(remount, bad), target));
    assertTrue(mountsHere().getFirst().hasOption("ro"));
  }

  @Test
  void aBindMountTakesNoFileSystemOptions() {
    assertThrows(
        IllegalArgumentException.class,
        () -> mounter(true).mount(List.of(bind(box.path, "bind", "uidmap=0:1:1")), target));
  }
}
