package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import dev.carafe.api.runc.v1.CheckpointOptions;
import dev.carafe.api.runc.v1.Options;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.RuntimeOptions;
import dev.carafe.spi.sandboxes.Sandbox;
import dev.carafe.spi.sandboxes.SandboxValue;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShimOptionsTest {
  @Test
  void aClientsOptionsPassUntouched() {
    byte[] bytes = {1, 2, 3};
    var options =
        new RuntimeOptions(
            Map.of("root", "/x", ShimOptions.SHIM, "io.containerd.kata.v2"),
            new RuntimeOptions.Original("kata.Whatever", bytes));
    Any any = ShimOptions.of(options);
    assertEquals("kata.Whatever", any.getTypeUrl());
    assertEquals(3, any.getValue().size());
    assertEquals("io.containerd.kata.v2", ShimOptions.runtime(options));
  }

  @Test
  void withoutThemTheHandlersAreEncoded() throws Exception {
    Any any =
        ShimOptions.of(
            new RuntimeOptions(
                Map.of(ShimOptions.SHIM, "x", "systemd_cgroup", true, "io_uid", 7L, "root", "/r")));
    assertEquals("containerd.runc.v1.Options", any.getTypeUrl());
    Options options = Options.parseFrom(any.getValue());
    assertEquals(7, options.getIoUid());
    assertEquals("/r", options.getRoot());
    assertEquals(true, options.getSystemdCgroup());
  }

  private static Sandbox sandbox(SandboxValue options) {
    return new Sandbox(
        "s",
        new Sandbox.Runtime("io.containerd.kata.v2", options),
        null,
        Map.of(),
        Map.of(),
        Instant.EPOCH,
        Instant.EPOCH,
        "shim");
  }

  private static SandboxValue handler(String json) {
    return new SandboxValue(RuntimeOptions.JSON_TYPE, json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aSandboxGetsTheHandlersOptionsOrTheClientsOwn() throws Exception {
    Any handlers = ShimOptions.of(sandbox(handler("{\"shim\":\"x\",\"io_uid\":7,\"root\":null}")));
    assertEquals("containerd.runc.v1.Options", handlers.getTypeUrl());
    assertEquals(7, Options.parseFrom(handlers.getValue()).getIoUid());
    Any own = ShimOptions.of(sandbox(new SandboxValue("kata.Whatever", new byte[] {1, 2, 3})));
    assertEquals("kata.Whatever", own.getTypeUrl());
    assertEquals(3, own.getValue().size());
    assertNull(ShimOptions.of(sandbox(handler("{}"))));
    for (String wrong : List.of("[]", "{", "{\"nobody_knows\":1}", "{\"io_uid\":{}}")) {
      assertThrows(
          InvalidArgumentException.class, () -> ShimOptions.of(sandbox(handler(wrong))), wrong);
    }
  }

  @Test
  void aConfigPathMakesThemGeneral() {
    Any any = ShimOptions.of(new RuntimeOptions(Map.of("config_path", "/etc/kata.toml")));
    assertEquals("runtimeoptions.v1.Options", any.getTypeUrl());
  }

  @Test
  void noneAreNone() {
    assertNull(ShimOptions.of(RuntimeOptions.NONE));
    assertEquals(ShimBinaries.DEFAULT, ShimOptions.runtime(RuntimeOptions.NONE));
  }

  @Test
  void mistakesAreNamed() {
    assertThrows(
        InvalidArgumentException.class,
        () -> ShimOptions.of(new RuntimeOptions(Map.of("no_such_option", true))));
    assertThrows(
        InvalidArgumentException.class,
        () -> ShimOptions.of(new RuntimeOptions(Map.of("root", true))));
  }

  @Test
  void aCheckpointSaysWhetherItEndsTheTask() throws Exception {
    Any any = ShimOptions.checkpoint(new RuntimeOptions(Map.of("root", "/r")), true);
    assertEquals(
        CheckpointOptions.newBuilder().setExit(true).build(),
        CheckpointOptions.parseFrom(any.getValue()));
  }

  @Test
  void aTaskServiceThatRunsIsUsed() {
    assertNull(ShimOptions.existing(RuntimeOptions.NONE));
    assertEquals(
        new Bootstrap(3, "unix:///run/s", "grpc"),
        ShimOptions.existing(
            new RuntimeOptions(
                Map.of("task_api_address", "grpc+unix:///run/s", "task_api_version", 3L))));
    assertEquals(
        new Bootstrap(2, "unix:///run/s", "ttrpc"),
        ShimOptions.existing(new RuntimeOptions(Map.of("task_api_address", "unix:///run/s"))));
  }
}
