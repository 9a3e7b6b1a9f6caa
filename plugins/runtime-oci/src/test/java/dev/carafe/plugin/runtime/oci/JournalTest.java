package dev.carafe.plugin.runtime.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.RawPath;
import dev.carafe.linux.SocketCalls;
import dev.carafe.spi.runtimes.ProcessId;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.runtimes.RuntimeState;
import dev.carafe.spi.runtimes.Stdio;
import dev.carafe.testkit.runtimes.Await;
import dev.carafe.testkit.runtimes.RuntimeSandbox;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * conmon writes to systemd's journal beside the file. The journal is a socket of the test's that
 * conmon finds where it looks for the real one, in a mount namespace of its own.
 */
@Timeout(120)
class JournalTest {
  /** conmon wants 12 characters at least. */
  private static final String ID = "0123456789abcdef";

  private RuntimeSandbox sandbox;
  private OciRuntime runtime;
  private Fd journal;
  private Path log;
  private final List<String> entries = new ArrayList<>();

  @BeforeEach
  void begin() throws Exception {
    sandbox = Configs.sandbox();
    Path directory = Files.createDirectory(sandbox.directory().resolve("j"));
    journal =
        SocketCalls.bind(
            RawPath.of(directory.resolve("socket")), SocketCalls.DATAGRAM | OpenFlags.NONBLOCK);
    Path conmon = sandbox.directory().resolve("conmon");
    Files.writeString(
        conmon,
        """
        #!/bin/sh
        exec unshare -m sh -c '
          journal=/proc/self/fd/9
          exec 9< "$0"
          mount -t tmpfs none /run
          mkdir -p /run/systemd/journal
          mount --bind "$journal" /run/systemd/journal
          exec 9<&-
          exec conmon "$@"' %s "$@"
        """
            .formatted(directory));
    Files.setPosixFilePermissions(conmon, PosixFilePermissions.fromString("rwx------"));
    var d = Configs.with("runc", Duration.ofSeconds(2));
    runtime =
        new OciRuntime(
            new OciRuntimeConfig(
                d.binary(),
                conmon.toString(),
                d.root(),
                d.systemdCgroup(),
                d.resourceManager(),
                d.noPivotRoot(),
                d.noNewKeyring(),
                d.createTimeout(),
                d.commandTimeout(),
                d.drainTimeout()),
            sandbox.state(),
            Configs.RESOURCES);
    log = sandbox.directory().resolve("0.log");
  }

  @AfterEach
  void end() throws Exception {
    runtime.close();
    journal.close();
    sandbox.close();
  }

  private List<String> entries() {
    ByteBuffer packet = ByteBuffer.allocate(1 << 16);
    while (true) {
      packet.clear();
      try {
        int count = SocketCalls.receive(journal, packet, 0).bytes();
        entries.add(new String(packet.array(), 0, count, ISO_8859_1));
      } catch (ErrnoException e) {
        if (e.is(Errno.EAGAIN)) {
          return entries;
        }
        throw e;
      }
    }
  }

  /** Entries with that text; a message that ends a line is not {@code MESSAGE=} but counted. */
  private List<String> entries(String text) {
    return entries().stream().filter(entry -> entry.contains(text + "\n")).toList();
  }

  @Test
  void eachLineIsInTheFileAndInTheJournalAlsoAfterTheFileIsOpenedAnew() throws Exception {
    // Given
    var stdio = new Stdio("", "cri-log://" + log + "?journal=prod%252Fa+pod%252Fmain", "", false);
    RuntimeState state =
        runtime.start(
            runtime.create(
                sandbox.request(
                    ID,
                    stdio,
                    RuntimeOptions.NONE,
                    spec -> {},
                    "sh",
                    "-c",
                    "echo first; echo error >&2; while [ ! -e /go ]; do sleep 0.1; done; echo last")),
            ProcessId.INIT);
    Await.until("the first lines", () -> entries("error").size() == 1);

    // When
    Files.move(log, log.resolveSibling("0.log.1"));
    runtime.reopenLog(state);
    sandbox.touch(ID, "go");
    RuntimeSandbox.await(runtime, state, ProcessId.INIT);
    runtime.delete(state, ProcessId.INIT);

    // Then
    List<String> first = entries("first");
    assertEquals(1, first.size(), entries::toString);
    for (String field :
        List.of("CONTAINER_ID_FULL=" + ID, "CONTAINER_TAG=prod/a pod/main", "PRIORITY=6")) {
      assertTrue(first.getFirst().lines().anyMatch(field::equals), first.getFirst());
    }
    assertEquals(1, entries("last").size());
    assertTrue(entries("error").getFirst().contains("PRIORITY=3"));
    assertEquals(2, Files.readAllLines(log.resolveSibling("0.log.1")).size());
    assertTrue(Files.readString(log).contains(" stdout F last"));
  }
}
