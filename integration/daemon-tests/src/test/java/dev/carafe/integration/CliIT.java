package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Commands of {@code carafe} that nothing else uses, on the real daemon. */
@ExtendWith(LeakCheck.class)
class CliIT {
  private static final String IMAGE = ImageStock.busybox().name();

  @Test
  void imagesArePackedWithZstdAndUnpackedAgain(Lab lab) {
    // Given
    Carafe carafe = lab.daemonWithBusybox().carafe();
    // When
    carafe.ok("images", "convert", "--zstd", IMAGE, "example.com/zstd:1");
    carafe.ok("images", "convert", "--uncompress", "example.com/zstd:1", "example.com/plain:1");
    // Then
    assertEquals(
        List.of("application/vnd.oci.image.layer.v1.tar+zstd"),
        layers(carafe, "example.com/zstd:1"));
    assertEquals(
        List.of("application/vnd.oci.image.layer.v1.tar"), layers(carafe, "example.com/plain:1"));
    carafe.ok("snapshots", "unpack", "--snapshotter", "native", "example.com/zstd:1");
    assertEquals(
        "packed\n",
        carafe.ok(
            "run", "--rm", "--snapshotter", "native", "example.com/zstd:1", "c", "echo", "packed"));
    carafe.ok("images", "check", "name==example.com/zstd:1", "name==example.com/plain:1");
  }

  private static List<String> layers(Carafe carafe, String image) {
    String digest =
        carafe
            .json("images", "ls", "--format", "json", "name==" + image)
            .get(0)
            .get("digest")
            .asText();
    JsonNode document = Carafe.parse(carafe.ok("content", "get", digest));
    if (document.has("manifests")) {
      String manifest = document.get("manifests").get(0).get("digest").asText();
      document = Carafe.parse(carafe.ok("content", "get", manifest));
    }
    return document.findValue("layers").findValuesAsText("mediaType");
  }

  @Test
  void containersAreRestoredWithTheFilesThatTheyHadChanged(Lab lab) {
    // Given
    Carafe carafe = lab.daemonWithBusybox().carafe();
    carafe.ok("run", "-d", IMAGE, "first", "sh", "-c", "cat /kept; echo kept > /kept; sleep 1000");
    Await.until(
        "the file is there",
        () -> carafe.run("tasks", "exec", "first", "test", "-s", "/kept").code() == 0);
    // When
    carafe.ok("containers", "checkpoint", "--image", "--rw", "first", "example.com/saved:1");
    // Then
    assertEquals(
        "RUNNING",
        carafe.json("tasks", "ls", "--format", "json").get(0).get("status").asText(),
        "it goes on");
    carafe.ok("tasks", "rm", "--force", "first");
    carafe.ok("containers", "rm", "first");
    carafe.ok("containers", "restore", "--rw", "-d", "second", "example.com/saved:1");
    assertEquals("kept\n", carafe.ok("tasks", "exec", "second", "cat", "/kept"));
    // And
    Result live =
        carafe.run("containers", "restore", "--live", "-d", "third", "example.com/saved:1");
    assertEquals(
        "carafe: image \"example.com/saved:1\" has no state of its task of a container",
        live.oneLineError());
    assertEquals(List.of("second"), carafe.lines("containers", "ls", "-q"));
    Result task = carafe.run("containers", "checkpoint", "--task", "second", "example.com/t:1");
    // The kernel or criu may be missing: then it is said, and nothing is lost.
    assertTrue(task.code() == 0 || task.oneLineError().contains("criu"), task::toString);
    assertEquals(
        "RUNNING",
        carafe.json("tasks", "ls", "--format", "json").get(0).get("status").asText(),
        "it goes on");
  }

  @Test
  void podSandboxesAreMadeAndRemoved(Lab lab) throws Exception {
    // Given
    Carafe carafe = lab.daemon().carafe();
    Path options = lab.work().resolve("options.json");
    Files.writeString(options, "{\"hostname\":\"pod-name\"}");
    // When
    carafe.ok("sandboxes", "create", "--label", "a=1", "--options", options.toString(), "s1");
    // Then
    JsonNode sandbox = carafe.json("sandboxes", "ls", "--format", "json").get(0);
    assertEquals("s1", sandbox.get("id").asText());
    assertEquals("pod", sandbox.get("sandboxer").asText());
    assertEquals("1", sandbox.get("labels").get("a").asText());
    // And
    carafe.run("sandboxes", "create", "--sandboxer", "absent", "s2").oneLineError();
    assertEquals(List.of("s1"), carafe.lines("sandboxes", "ls", "-q"));
    carafe.ok("sandboxes", "rm", "s1");
    assertEquals(List.of(), carafe.lines("sandboxes", "ls", "-q"));
  }

  @Test
  void whatIsAskedOfContainersReachesThem(Lab lab) throws Exception {
    // Given
    Carafe carafe = lab.daemonWithBusybox().carafe();
    Path variables = lab.work().resolve("variables");
    Files.writeString(variables, "# comment\nONE=1\n\nTWO=from file\n");
    // When
    String out =
        carafe.ok(
            "run",
            "--env-file",
            variables.toString(),
            "--env",
            "TWO=2",
            "--cpu-shares",
            "512",
            "--cpu-quota",
            "50000",
            "--cpu-period",
            "100000",
            "--device",
            "/dev/null",
            "--rootfs-propagation",
            "rprivate",
            IMAGE,
            "c",
            "sh",
            "-c",
            "echo $ONE $TWO");
    // Then
    assertEquals("1 2\n", out);
    JsonNode spec = carafe.json("containers", "info", "--spec", "c");
    JsonNode cpu = spec.at("/linux/resources/cpu");
    assertEquals(512, cpu.get("shares").asInt());
    assertEquals(50_000, cpu.get("quota").asInt());
    assertEquals("/dev/null", spec.at("/linux/devices/0/path").asText());
    assertEquals("rprivate", spec.at("/linux/rootfsPropagation").asText());
  }

  @Test
  void daemonTellsOfItselfAndOfItsRuntimes(Lab lab) {
    TestDaemon daemon = lab.daemonWithBusybox();
    Carafe carafe = daemon.carafe();
    assertEquals(daemon.pid(), carafe.json("info").get("pid").asLong());
    assertEquals(
        "", carafe.ok("deprecations", "ls", "--format", "json").replaceAll("[\\[\\]\\s]", ""));
    JsonNode runtime = carafe.json("plugins", "inspect-runtime", "--runtime", "runc");
    assertTrue(runtime.get("version").asText().contains("runc"), runtime::toString);
    assertFalse(runtime.at("/features/mountOptions").isMissingNode(), runtime::toString);
    assertEquals("sh", carafe.json("oci", "spec").at("/process/args/0").asText());
    // And
    carafe.ok("images", "tag", IMAGE, "example.com/unused:1");
    carafe.ok("containers", "create", IMAGE, "c", "true");
    assertEquals(List.of("example.com/unused:1"), carafe.lines("images", "prune"));
    assertEquals(2, carafe.lines("images", "ls", "-q").size());
    carafe.ok("images", "prune", "--all");
    assertEquals(List.of(IMAGE), carafe.lines("images", "ls", "-q"));
  }
}
