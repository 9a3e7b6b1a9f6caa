package dev.carafe.plugin.nri;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Pods and containers for tests. */
final class Facts {
  static final String SPEC =
      """
      {"ociVersion": "1.1.0",
       "process": {"args": ["sh"], "env": ["PATH=/bin", "A=1"], "cwd": "/",
         "user": {"uid": 1000, "gid": 1000, "additionalGids": [5]},
         "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1024}],
         "oomScoreAdj": 10},
       "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["ro"]},
         {"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind"]}],
       "annotations": {"kept": "k", "gone": "g"},
       "linux": {"cgroupsPath": "/pods/c1",
         "sysctl": {"net.ipv4.ip_forward": "1"},
         "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/ns"}],
         "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229,
           "fileMode": 438, "uid": 0, "gid": 0}],
         "resources": {"memory": {"limit": 1000, "swap": 1000}, "cpu": {"shares": 512},
           "devices": [{"allow": false, "access": "rwm"}]}}}
      """;

  private Facts() {}

  static PodFacts pod(Map<String, String> annotations) {
    return new PodFacts(
        "p1",
        "web",
        "uid-1",
        "default",
        Map.of("app", "web"),
        annotations,
        "runc",
        "/pods",
        Map.of("network", "/run/ns"),
        List.of("10.0.0.2"),
        new byte[0],
        "{\"cpu\":{\"shares\":2}}".getBytes(UTF_8));
  }

  static ContainerFacts container(String id) {
    return container(id, SPEC, "");
  }

  static ContainerFacts container(String id, String spec, String seccomp) {
    return new ContainerFacts(
        id,
        "p1",
        "main",
        ContainerFacts.State.CREATED,
        Map.of("l", "v"),
        spec.getBytes(UTF_8),
        seccomp,
        List.of(),
        0,
        Instant.ofEpochSecond(7),
        null,
        null);
  }

  static JsonObject spec() {
    return Json.object("spec", SPEC.getBytes(UTF_8));
  }
}
