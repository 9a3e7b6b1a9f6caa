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
            new Mount("mkfs/ext4", "x", List.of()),
            new Mount("format/mkfs/ext4", "x", List.of()),
            new Mount("loop", "x", List.of()))) {
      assertThrows(
          UnimplementedException.class,
          () -> daemon.mounts.activate(daemon.stores(), "m", List.of(unknown), Map.of(), false));
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> daemon.mounts.activate(daemon.stores(), "m", List.of(), Map.of(), true));
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
