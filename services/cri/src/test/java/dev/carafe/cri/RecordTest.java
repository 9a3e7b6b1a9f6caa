package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ContainerMetadata;
import dev.carafe.api.cri.v1.KeyValue;
import dev.carafe.api.cri.v1.PodSandboxConfig;
import dev.carafe.api.cri.v1.PodSandboxMetadata;
import dev.carafe.cri.CriContainer.Exit;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.DataLossException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordTest {
  private static final Instant THEN = Instant.parse("2026-01-02T03:04:05.678901234Z");

  @Test
  void aPodIsReadAsItWasWritten() {
    Pod pod =
        new Pod(
            "p1",
            PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder().setName("näme").setAttempt(7))
                .putLabels("k", "v")
                .build(),
            "runc",
            Sandboxer.SHIM,
            4711,
            true,
            true,
            List.of("10.0.0.1", "fd00::1"),
            THEN);

    assertEquals(pod, Pod.decode("p1", pod.encode()));
  }

  @Test
  void aPodOfAnEarlierVersionHasPinnedNamespaces() {
    byte[] earlier =
        Json.bytes(
            Map.of("config", "", "handler", "runc", "ready", true, "created_at", THEN.toString()));

    Pod pod = Pod.decode("p1", earlier);

    assertEquals(Sandboxer.PODSANDBOX, pod.sandboxer());
    assertEquals(0, pod.pid());
  }

  @Test
  void aContainerIsReadAsItWasWrittenInEveryState() {
    CriContainer created =
        new CriContainer(
            "c1",
            "p1",
            ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName("c"))
                .addEnvs(
                    KeyValue.newBuilder()
                        .setKey("K")
                        .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff})))
                .build(),
            "sha256:abc",
            "/var/log/x/0.log",
            10,
            new ContainerUser(1, 2, List.of(2L, 3L)),
            THEN,
            null,
            null);
    CriContainer running = created.started(THEN.plusSeconds(1));
    CriContainer ended =
        running.ended(new Exit(137, Exit.OOM_KILLED, "too much", THEN.plusSeconds(2)));

    for (CriContainer container : List.of(created, running, ended)) {
      assertEquals(container, CriContainer.decode("c1", container.encode()));
    }
  }

  @Test
  void aDamagedRecordSaysWhichItIs() {
    byte[] damaged = "{\"config\": \"%%%\"}".getBytes(StandardCharsets.UTF_8);
    assertEquals(
        true,
        assertThrows(DataLossException.class, () -> Pod.decode("p7", damaged))
            .getMessage()
            .startsWith("pod \"p7\": record cannot be read"));
    assertThrows(DataLossException.class, () -> CriContainer.decode("c7", damaged));
  }
}
