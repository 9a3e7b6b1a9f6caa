package dev.carafe.plugin.mounts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Activation;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.linux.Mounter;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
@EnabledIfSystemProperty(named = "user.name", matches = "root", disabledReason = "mounts")
class KernelMountManagerTest {
  private static final Mount TMPFS = new Mount("tmpfs", "tmpfs", List.of("size=1m"));
  private static final Mount BIND =
      new Mount("format/bind", "{{ mount 0 }}", List.of("bind", "ro"));

  private final MemoryMetadataDatabase database = new MemoryMetadataDatabase();
  private Path work;
  private Daemon daemon;

  @BeforeEach
  void open(WorkDirectory directory) {
    work = directory.path();
    daemon = new Daemon(work, database);
    directory.closeLater(() -> {
      for (Activation left : daemon.stores().activations().list()) {
        daemon.mounts.deactivate(daemon.stores(), left.name());
      }
      daemon.close();
    });
  }

  private void restart() throws Exception {
    daemon.close();
    daemon = new Daemon(work, database);
  }

  private Activation activate(Stores stores, String name, Map<String, String> labels) {
    return daemon.mounts.activate(stores, name, List.of(TMPFS, BIND), labels, false);
  }

  private static boolean isMounted(String path) {
    return dev.carafe.linux.MountInfo.list().stream()
        .anyMatch(mount -> mount.mountPoint().toString().equals(path));
  }

  /** The sweeper runs on its own thread. */
  private static void awaitUnmounted(String path) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (isMounted(path)) {
      assertTrue(System.nanoTime() < deadline, () -> path + " is still mounted");
      Thread.onSpinWait();
    }
  }

  private List<Path> directories() throws IOException {
    Path namespace = daemon.state.resolve("testing");
    if (!Files.exists(namespace)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(namespace)) {
      return entries.toList();
    }
  }

  @Test
  void whatComesBeforeTheTemplateIsMountedAndTheRestIsTheClients() throws IOException {
    // When
    Activation made = activate(daemon.stores(), "rootfs of c/1", Map.of("a", "1"));
    // Then
    String mountPoint = made.active().getFirst().mountPoint();
    assertEquals(1, made.active().size());
    assertTrue(isMounted(mountPoint));
    assertEquals(List.of(new Mount("bind", mountPoint, List.of("bind", "ro"))), made.system());
    assertEquals(made, daemon.stores().activations().get("rootfs of c/1"));
    daemon.mounts.deactivate(daemon.stores(), "rootfs of c/1");
    assertFalse(isMounted(mountPoint));
    assertEquals(List.of(), directories());
    NotFoundException gone =
        assertThrows(
            NotFoundException.class,
            () -> daemon.mounts.deactivate(daemon.stores(), "rootfs of c/1"));
    assertEquals("mount activation \"rootfs of c/1\": not found", gone.getMessage());
  }

  @Test
  void overlayIsPutTogetherFromMounts() {
    Mount overlay =
        new Mount(
            "format/mkdir/overlay",
            "overlay",
            List.of(
                "X-containerd.mkdir.path={{ mount 1 }}/upper:0755:7:8",
                "X-containerd.mkdir.path={{ mount 1 }}/work",
                "lowerdir={{ overlay 0 0 }}",
                "upperdir={{ mount 1 }}/upper",
                "workdir={{ mount 1 }}/work"));
    Activation made =
        daemon.mounts.activate(
            daemon.stores(), "o", List.of(TMPFS, TMPFS, overlay), Map.of(), true);
    assertEquals(3, made.active().size());
    Path root = Path.of(made.active().get(2).mountPoint());
    assertEquals(List.of(new Mount("bind", root.toString(), List.of("rbind"))), made.system());
    Path upper = Path.of(made.active().get(1).mountPoint()).resolve("upper");
    assertTrue(Files.isDirectory(upper));
  }

  @Test
  void directoriesHaveModeAndOwner() throws IOException {
    Mount bind =
        new Mount(
            "format/mkdir/bind",
            "{{ mount 0 }}/a/b",
            List.of("X-containerd.mkdir.path={{ mount 0 }}/a/b:2751:7:8", "bind"));
    Activation made =
        daemon.mounts.activate(daemon.stores(), "m", List.of(TMPFS, bind), Map.of(), false);
    Path directory = Path.of(made.system().getFirst().source());
    assertEquals(
        "rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    assertEquals(7, Files.getAttribute(directory, "unix:uid"));
    assertEquals(8, Files.getAttribute(directory, "unix:gid"));
    assertEquals(List.of("bind"), made.system().getFirst().options());
  }

  @Test
  void directoriesDoNotFollowLinksOutOfAMount() throws IOException {
    Path image = Files.createDirectory(work.resolve("image"));
    Path outside = Files.createDirectory(work.resolve("outside"));
    Files.createSymbolicLink(image.resolve("link"), outside);
    for (String path :
        List.of("{{ mount 0 }}/link/x", "{{ mount 0 }}/../x", "/tmp/x", "{{ mount 0 }}")) {
      Mount mkdir =
          new Mount("format/mkdir/bind", "/", List.of("X-containerd.mkdir.path=" + path, "bind"));
      assertThrows(
          RuntimeException.class,
          () ->
              daemon.mounts.activate(
                  daemon.stores(),
                  "m",
                  List.of(new Mount("bind", image.toString(), List.of("bind")), mkdir),
                  Map.of(),
                  false),
          path);
    }
    assertFalse(Files.exists(outside.resolve("x")));
    assertEquals(List.of(), directories());
  }

  @Test
  void nameIsTakenOnce() throws IOException {
    activate(daemon.stores(), "m", Map.of());
    AlreadyExistsException taken =
        assertThrows(AlreadyExistsException.class, () -> activate(daemon.stores(), "m", Map.of()));
    assertEquals("mount activation \"m\": already exists", taken.getMessage());
    assertEquals(1, directories().size());
  }

  @Test
  void failureLeavesNothing() throws IOException {
    Mount wrong = new Mount("nosuchfs", "x", List.of());
    assertThrows(
        FailedPreconditionException.class,
        () ->
            daemon.mounts.activate(
                daemon.stores(), "m", List.of(TMPFS, wrong, BIND), Map.of(), false));
    assertThrows(NotFoundException.class, () -> activate(daemon.under("nolease"), "m", Map.of()));
    assertThrows(
        InvalidArgumentException.class,
        () -> activate(daemon.stores(), "m", Map.of("long", "x".repeat(5000))));
    assertEquals(List.of(), directories());
    assertEquals(List.of(), daemon.stores().activations().list());
  }

  @Test
  void wrongMountsAreRefused() {
    for (Mount wrong :
        List.of(
            new Mount("format/bind", "{{ mount 1 }}", List.of()),
            new Mount("format/bind", "{{ mount }}", List.of()),
            new Mount("format/bind", "{{ mount 0 0 }}", List.of()),
            new Mount("format/bind", "{{ overlay 0 }}", List.of()),
            new Mount("format/bind", "{{ exec 0 }}", List.of()),
            new Mount("format/bind", "{{ mount 0", List.of()),
            new Mount("format/bind", "{{ mount 99999999999 }}", List.of()),
            new Mount("mkdir/bind", "/", List.of("X-containerd.mkdir.path=/etc/x")),
            new Mount("mkdir/bind", "/", List.of("X-containerd.mkdir.path=:0755")))) {
      assertThrows(
          InvalidArgumentException.class,
          () ->
              daemon.mounts.activate(daemon.stores(), "m", List.of(TMPFS, wrong), Map.of(), false),
          wrong::toString);
    }
    for (Mount unknown :
        List.of(
            TMPFS,
            new Mount("fancy/ext4", "x", List.of()),
            new Mount("format/fancy/ext4", "x", List.of()),
            new Mount("ext4", "x", List.of("loop")))) {
      assertThrows(
          UnimplementedException.class,
          () -> daemon.mounts.activate(daemon.stores(), "m", List.of(unknown), Map.of(), false));
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> daemon.mounts.activate(daemon.stores(), "m", List.of(), Map.of(), true));
  }

  private Path image(String name) {
    return work.resolve(name);
  }

  private static Mount madeFile(String type, Path image, String... options) {
    List<String> all =
        Stream.concat(
                Stream.of("X-containerd.mkfs.size=8MiB", "X-containerd.mkfs.fs=ext4"),
                Stream.of(options))
            .toList();
    return new Mount(type, image.toString(), all);
  }

  private static Path device(Activation made, int index) throws IOException {
    return Files.readSymbolicLink(Path.of(made.active().get(index).mountPoint()));
  }

  private static boolean isAttached(Path device) {
    return Files.exists(
        Path.of("/sys/block").resolve(device.getFileName()).resolve("loop/backing_file"));
  }

  /** The kernel takes its time with the last user's going. */
  private static void awaitDetached(Path device) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (isAttached(device)) {
      assertTrue(System.nanoTime() < deadline, () -> device + " is still attached");
      Thread.onSpinWait();
    }
  }

  @Test
  void aFileSystemIsMadeInAFileAndMountedFromADevice() throws Exception {
    // Given
    Path image = image("disk.img");
    List<Mount> mounts =
        List.of(
            madeFile("mkfs/loop", image),
            new Mount("format/ext4", "{{ mount 0 }}", List.of()),
            new Mount(
                "format/mkdir/bind",
                "{{ mount 1 }}/upper",
                List.of("X-containerd.mkdir.path={{ mount 1 }}/upper:0755", "rbind")));

    // When
    Activation made = daemon.mounts.activate(daemon.stores(), "m", mounts, Map.of(), false);

    // Then
    assertEquals(2, made.active().size());
    Path device = device(made, 0);
    assertTrue(isAttached(device));
    String upper = made.active().get(1).mountPoint() + "/upper";
    assertEquals(List.of(new Mount("bind", upper, List.of("rbind"))), made.system());
    Files.writeString(Path.of(upper, "f"), "kept");
    daemon.mounts.deactivate(daemon.stores(), "m");
    awaitDetached(device);
    assertEquals(List.of(), directories());

    // When
    Activation again = daemon.mounts.activate(daemon.stores(), "m", mounts, Map.of(), false);

    // Then
    assertEquals("kept", Files.readString(Path.of(again.active().get(1).mountPoint(), "upper/f")));
    daemon.mounts.deactivate(daemon.stores(), "m");
    awaitDetached(device(again, 0, device));
    try (Stream<Path> left = Files.list(work)) {
      assertTrue(left.noneMatch(file -> file.getFileName().toString().startsWith(".disk")));
    }
  }

  private static Path device(Activation made, int index, Path otherwise) throws IOException {
    Path link = Path.of(made.active().get(index).mountPoint());
    return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link) : otherwise;
  }

  @Test
  void aFileThatWantsALoopDeviceIsTheClientsToMount() {
    // When
    Activation made =
        daemon.mounts.activate(
            daemon.stores(),
            "m",
            List.of(madeFile("mkfs/ext4", image("rw.img"), "rw", "loop")),
            Map.of(),
            false);

    // Then
    assertEquals(
        List.of(new Mount("ext4", image("rw.img").toString(), List.of("rw", "loop"))),
        made.system());
    assertTrue(made.active().isEmpty());
    assertTrue(Files.isRegularFile(image("rw.img")));
  }

  @Test
  void aDeviceSurvivesTheDaemonAndGoesWithItsRecord() throws Exception {
    // Given
    Activation made =
        daemon.mounts.activate(
            daemon.stores(), "m", List.of(madeFile("mkfs/loop", image("a.img"))), Map.of(), false);
    Path device = device(made, 0);

    // When
    restart();

    // Then
    assertEquals(made, daemon.stores().activations().get("m"));
    assertTrue(isAttached(device));

    // When
    daemon.stores().activations().delete("m");
    restart();

    // Then
    awaitDetached(device);
    assertEquals(List.of(), directories());
  }

  @Test
  void aDeviceThatIsSomebodyElsesByNowIsLetAlone() throws Exception {
    // Given
    Activation made =
        daemon.mounts.activate(
            daemon.stores(), "m", List.of(madeFile("mkfs/loop", image("a.img"))), Map.of(), false);
    Path link = Path.of(made.active().getFirst().mountPoint());
    Path device = Files.readSymbolicLink(link);
    try (dev.carafe.linux.LoopDevice other =
        dev.carafe.linux.LoopDevice.temporary(image("a.img"), true)) {
      Files.delete(link);
      Files.createSymbolicLink(link, other.path());

      // When
      daemon.mounts.deactivate(daemon.stores(), "m");

      // Then
      assertTrue(isAttached(other.path()));
      assertEquals(List.of(), directories());
    } finally {
      dev.carafe.linux.LoopDevice.detach(
          device, link.getParent().getFileName() + "/" + link.getFileName());
    }
  }

  @Test
  void whatCannotBeMadeIsRefusedAndLeavesNothing() throws Exception {
    for (List<String> options :
        List.of(
            List.of("X-containerd.mkfs.size=8MiB"),
            List.of("X-containerd.mkfs.fs=ext4"),
            List.of("X-containerd.mkfs.size=8MiB", "X-containerd.mkfs.fs=vfat"),
            List.of("X-containerd.mkfs.size=-1", "X-containerd.mkfs.fs=ext4"),
            List.of("X-containerd.mkfs.size=999999P", "X-containerd.mkfs.fs=ext4"),
            List.of(
                "X-containerd.mkfs.size=8m", "X-containerd.mkfs.fs=ext4", "X-containerd.mkfs.x=1"),
            List.of(
                "X-containerd.mkfs.size=8m",
                "X-containerd.mkfs.fs=ext4",
                "X-containerd.mkfs.uuid=--help"))) {
      Mount wrong = new Mount("mkfs/loop", image("w.img").toString(), options);
      assertThrows(
          InvalidArgumentException.class,
          () -> daemon.mounts.activate(daemon.stores(), "m", List.of(wrong), Map.of(), false),
          options::toString);
    }
    for (String path : List.of("relative", "/a/../b", "/")) {
      Mount wrong = madeFile("mkfs/loop", Path.of(path));
      assertThrows(
          InvalidArgumentException.class,
          () -> daemon.mounts.activate(daemon.stores(), "m", List.of(wrong), Map.of(), false),
          path);
    }
    Mount tiny =
        new Mount(
            "mkfs/loop",
            image("w.img").toString(),
            List.of("X-containerd.mkfs.size=1k", "X-containerd.mkfs.fs=ext4"));
    assertThrows(
        FailedPreconditionException.class,
        () -> daemon.mounts.activate(daemon.stores(), "m", List.of(tiny), Map.of(), false));
    assertTrue(Files.notExists(image("w.img")));
    assertEquals(List.of(), directories());
    try (Stream<Path> left = Files.list(work)) {
      assertTrue(left.noneMatch(file -> file.getFileName().toString().contains("w.img")));
    }
  }

  @Test
  void theFileSystemHasTheUuidThatWasAskedFor() throws Exception {
    // Given
    String uuid = "550e8400-e29b-41d4-a716-446655440000";

    // When
    daemon.mounts.activate(
        daemon.stores(),
        "m",
        List.of(madeFile("mkfs/ext4", image("u.img"), "X-containerd.mkfs.uuid=" + uuid, "loop")),
        Map.of(),
        false);

    // Then: it is at this place of the superblock (ext4 on-disk format, s_uuid).
    byte[] found = java.util.Arrays.copyOfRange(Files.readAllBytes(image("u.img")), 1128, 1144);
    assertEquals(uuid.replace("-", ""), java.util.HexFormat.of().formatHex(found));
  }

  @Test
  void mountsSurviveTheDaemon() throws Exception {
    Activation made = activate(daemon.stores(), "m", Map.of());
    restart();
    assertEquals(made, daemon.stores().activations().get("m"));
    assertTrue(isMounted(made.active().getFirst().mountPoint()));
    daemon.mounts.deactivate(daemon.stores(), "m");
    assertFalse(isMounted(made.active().getFirst().mountPoint()));
  }

  @Test
  void whatACrashLeftIsUnmountedAtTheNextStart() throws Exception {
    String leftOver = daemon.state.resolve("testing/left/0").toString();
    Files.createDirectories(Path.of(leftOver));
    Mounter.kernel().mount(List.of(TMPFS), Path.of(leftOver));
    restart();
    assertFalse(isMounted(leftOver));
    assertEquals(List.of(), directories());
  }

  @Test
  void recordWhoseMountsAreGoneGoesAtTheNextStart() throws Exception {
    Activation made = activate(daemon.stores(), "m", Map.of());
    Mounter.kernel().detachAll(Path.of(made.active().getFirst().mountPoint()));
    restart();
    assertEquals(List.of(), daemon.stores().activations().list());
    assertEquals(List.of(), directories());
    activate(daemon.stores(), "m", Map.of());
  }

  @Test
  void mountsLiveAsLongAsTheirLease() {
    daemon.stores().leases().create("l", Map.of());
    Activation leased = activate(daemon.under("l"), "leased", Map.of());
    Activation free = activate(daemon.stores(), "free", Map.of());
    daemon.collect();
    assertEquals(2, daemon.stores().activations().list().size());
    daemon.stores().leases().delete("l");
    daemon.collect();
    awaitUnmounted(leased.active().getFirst().mountPoint());
    assertEquals(List.of(free), daemon.stores().activations().list());
    assertTrue(isMounted(free.active().getFirst().mountPoint()));
  }

  @Test
  void mountsLiveAsLongAsTheirContainer() {
    Activation made =
        activate(daemon.stores(), "m", Map.of("containerd.io/gc.bref.container", "c"));
    daemon
        .stores()
        .containers()
        .create(
            new Container(
                "c",
                Map.of(),
                "",
                new Container.Runtime("runc", null),
                new TypedValue("t", new byte[0]),
                "",
                "",
                Map.of(),
                "",
                Instant.EPOCH,
                Instant.EPOCH));
    daemon.collect();
    assertTrue(isMounted(made.active().getFirst().mountPoint()));
    daemon.stores().containers().delete("c");
    daemon.collect();
    awaitUnmounted(made.active().getFirst().mountPoint());
    assertEquals(List.of(), daemon.stores().activations().list());
  }
}
