package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CdiDevicesTest {
  @TempDir private Path etc;
  @TempDir private Path run;

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        etc.resolve("vendor.json"),
        """
        {"cdiVersion": "0.6.0", "kind": "vendor.com/gpu",
         "containerEdits": {"env": ["DRIVER=yes"], "additionalGids": [44]},
         "devices": [
           {"name": "0", "containerEdits": {
             "env": ["GPU=0"],
             "deviceNodes": [{"path": "/dev/gpu0", "hostPath": "/dev/null", "permissions": "rw"}],
             "mounts": [{"hostPath": "/opt/gpu", "containerPath": "/opt/gpu", "options": ["ro"]}],
             "hooks": [{"hookName": "createContainer", "path": "/bin/link", "args": ["link"]}]}},
           {"name": "1", "containerEdits": {"env": ["GPU=1"]}}]}
        """);
    Files.writeString(etc.resolve("broken.json"), "{");
  }

  private CdiDevices devices() {
    return new CdiDevices(List.of(etc, run, Path.of("/nonexistent")));
  }

  private static JsonObject applied(CdiDevices devices, String... names) {
    RuntimeSpec spec = new RuntimeSpec("/c", false).args(List.of("sh"));
    return Json.object("spec", devices.apply(spec.json(), List.of(names)));
  }

  @Test
  void aDeviceBringsItsNodesMountsVariablesAndPrograms() {
    JsonObject spec = applied(devices(), "vendor.com/gpu=0");
    assertTrue(spec.object("process").texts("env").containsAll(List.of("DRIVER=yes", "GPU=0")));
    JsonObject node = spec.object("linux").objects("devices").getFirst();
    assertEquals("/dev/gpu0", node.text("path"));
    assertEquals(1, node.number("major", 0));
    assertEquals(3, node.number("minor", 0));
    assertTrue(
        spec.objects("mounts").stream().anyMatch(m -> m.text("destination").equals("/opt/gpu")));
    assertEquals(
        "/bin/link", spec.object("hooks").objects("createContainer").getFirst().text("path"));
    assertEquals(
        List.of(0L, 44L), spec.object("process").object("user").members().get("additionalGids"));
  }

  @Test
  void aDescriptionMayBeYaml() throws IOException {
    // Given
    Files.writeString(
        run.resolve("other.yaml"),
        """
        # a comment
        cdiVersion: "0.6.0"
        kind: other.com/net
        devices:
        - name: eth0
          containerEdits:
            env: [ "NET=eth0" ]
            deviceNodes:
            - path: /dev/net0
              type: c
              major: 10
              minor: 200
              fileMode: 0660
        """);

    // When
    JsonObject spec = applied(devices(), "other.com/net=eth0", "vendor.com/gpu=1");

    // Then
    assertTrue(spec.object("process").texts("env").containsAll(List.of("NET=eth0", "GPU=1")));
    JsonObject node = spec.object("linux").objects("devices").getFirst();
    assertEquals("/dev/net0", node.text("path"));
    assertEquals(0660, node.number("fileMode", 0));
    assertTrue(
        spec.object("linux").object("resources").objects("devices").stream()
            .anyMatch(rule -> rule.number("minor", 0) == 200 && rule.flag("allow")));
  }

  @Test
  void yamlThatIsNoneOrMakesMuchOfLittleHidesNoOther() throws IOException {
    // Given
    String bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nkind: [*b,*b]\n";
    int number = 0;
    for (String text :
        List.of(
            bomb,
            "kind: other.com/net\ndevices: *nothing\n",
            "kind: other.com/net\n---\nkind: other.com/net\n",
            "- a list\n",
            "",
            "\0",
            "kind: {{{",
            "kind: 7\n",
            "kind: other.com/net\ndevices: [{name: 3}]\n",
            "[".repeat(100_000),
            "x: ".repeat(2000),
            "!!javax.script.ScriptEngineManager [!!java.net.URL [\"http://127.0.0.1/\"]]\n")) {
      Files.writeString(run.resolve("bad" + number++ + ".yaml"), text);
    }

    // Then
    assertTrue(
        applied(devices(), "vendor.com/gpu=1").object("process").texts("env").contains("GPU=1"));
    assertThrows(NotFoundException.class, () -> applied(devices(), "other.com/net=eth0"));
  }

  @Test
  void theLaterDirectoryWins() throws IOException {
    Files.writeString(
        run.resolve("vendor.json"),
        """
        {"kind": "vendor.com/gpu", "devices": [
          {"name": "1", "containerEdits": {"env": ["GPU=newer"]}}]}
        """);
    assertTrue(
        applied(devices(), "vendor.com/gpu=1")
            .object("process")
            .texts("env")
            .contains("GPU=newer"));
  }

  @Test
  void whatIsNotThereOrNoNameIsRefused() {
    assertThrows(NotFoundException.class, () -> applied(devices(), "vendor.com/gpu=9"));
    assertThrows(NotFoundException.class, () -> applied(devices(), "other.com/gpu=0"));
    for (String name : List.of("gpu", "vendor.com/gpu", "../x/y=0", "a/b=c/d", "a/b=\n")) {
      assertThrows(InvalidArgumentException.class, () -> applied(devices(), name), name);
    }
  }
}
