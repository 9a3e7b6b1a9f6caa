package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.mounts.Mount;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "devices")
class LoopDeviceTest {
  /** An image with the file {@code d/file}, by mkfs.erofs 1.5, gzip, base64. */
  private static final String EROFS =
      "H4sIAAAAAAACA2NgGAWjYBSMVPDo4dcH2aHFdsxANg+DCgMzFjWMSOxSccnJhdJ+k9ou32v86qFvRan9LED81pGZQQ"
          + "PK/w8EyPIqcJoJzlYFstWhbHUgW09PLwW/+UwM2kjmI/tHHYf5WnB5RpD5aZk5qTjNX9LICAw7hPlMSPIZqTk5+Qqp"
          + "RflpxVyjqW0UjIJRMApGwSgYBaNgFAw0AADp8TgqABAAAA==";

  private final Sandbox box = new Sandbox();
  private final Path target = box.path.resolve("target");

  @BeforeEach
  void makeTarget() throws IOException {
    Files.createDirectories(target);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Mounter.kernel().detachAll(box.path);
    awaitDevices(List.of());
    box.close();
  }

  /** Devices whose file is in the sandbox. */
  private List<Path> devices() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/sys/block"))) {
      for (Path device : (Iterable<Path>) all.sorted()::iterator) {
        Path file = device.resolve("loop/backing_file");
        if (Files.exists(file) && Files.readString(file).startsWith(box.path.toString())) {
          found.add(Path.of("/dev").resolve(device.getFileName()));
        }
      }
    }
    return found;
  }

  /** The kernel takes its time with the last user's going. */
  private void awaitDevices(List<Path> expected) throws IOException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!devices().equals(expected) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertEquals(expected, devices());
  }

  private Path file(String name, long size) throws IOException {
    Path file = box.path.resolve(name);
    try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
      sized.setLength(size);
    }
    return file;
  }

  private Path ext4() throws IOException, InterruptedException {
    Path image = file("image", 8 << 20);
    Process made =
        new ProcessBuilder("/usr/sbin/mkfs.ext4", "-q", "-F", image.toString()).inheritIO().start();
    assertEquals(0, made.waitFor());
    return image;
  }

  private Path erofs() throws IOException {
    Path image = box.path.resolve("image.erofs");
    try (var in =
        new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(EROFS)))) {
      Files.write(image, in.readAllBytes());
    }
    return image;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFileSystemInAFileIsMountedAndItsDeviceGoesWithIt(boolean modern) throws Exception {
    // Given
    Mount mount = new Mount("ext4", ext4().toString(), List.of("loop", "rw"));
    var mounter = new KernelMounter(MountCalls.kernel(), modern);

    // When
    mounter.mount(List.of(mount), target);
    Files.writeString(target.resolve("f"), "kept");

    // Then
    assertEquals(1, devices().size());
    mounter.unmountAll(target);
    awaitDevices(List.of());
    mounter.mount(List.of(new Mount("ext4", mount.source(), List.of("loop", "ro"))), target);
    assertEquals("kept", Files.readString(target.resolve("f")));
    assertErrno(Errno.EROFS, () -> PathCalls.mkdirat(Fd.CWD, RawPath.of(target.resolve("d")), 0));
  }

  @Test
  void aMountThatFailsLeavesNoDevice() throws Exception {
    // Given
    Path noise = file("noise", 1 << 20);

    // Then
    assertThrows(
        ErrnoException.class,
        () ->
            Mounter.kernel()
                .mount(List.of(new Mount("ext4", noise.toString(), List.of("loop"))), target));
    awaitDevices(List.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ro", "ro,loop"})
  void anErofsImageIsMounted(String options) throws Exception {
    // When
    Mounter.kernel()
        .mount(
            List.of(new Mount("erofs", erofs().toString(), List.of(options.split(",")))), target);

    // Then
    assertEquals("hello erofs\n", Files.readString(target.resolve("d/file")));
  }

  @Test
  void anErofsImageIsReadWithoutBeingSeen() throws Exception {
    // When
    try (Fd root =
            DetachedMount.open(
                List.of(new Mount("erofs", erofs().toString(), List.of("ro", "loop"))));
        Fd file = PathCalls.openat(root, RawPath.of("d/file"), OpenFlags.RDONLY, 0)) {
      // Then
      assertEquals("hello erofs\n", new String(FileIo.readAll(file, 100)));
    }
  }

  @Test
  void aLastingDeviceStaysUntilItIsDetachedByItsTag() throws Exception {
    // Given
    Path file = file("f", 1 << 20);
    List<Path> chosen = new ArrayList<>();

    // When
    Path device;
    try (LoopDevice attached = LoopDevice.lasting(file, false, "mine", chosen::add)) {
      device = attached.path();
    }

    // Then
    assertEquals(List.of(device), devices());
    assertEquals(device, chosen.getLast());
    assertFalse(LoopDevice.isAttached(device, "min"));
    assertFalse(LoopDevice.detach(device, "mine2"));
    assertTrue(LoopDevice.detach(device, "mine"));
    assertFalse(LoopDevice.detach(device, "mine"), "it was detached before");
    awaitDevices(List.of());
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertErrno(Errno.EINVAL, () -> LoopDevice.temporary(Path.of("/dev/null"), true));
    assertErrno(Errno.ENOENT, () -> LoopDevice.temporary(box.path.resolve("none"), true));
  }

  @Test
  void aBindMountTakesNoDevice() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Mounter.kernel().mount(List.of(new Mount("bind", "/tmp", List.of("loop"))), target));
  }
}
