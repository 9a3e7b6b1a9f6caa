package dev.carafe.services;

import static dev.carafe.services.Wire.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc.IntrospectionBlockingStub;
import dev.carafe.api.services.introspection.v1.Plugin;
import dev.carafe.api.services.introspection.v1.PluginInfoRequest;
import dev.carafe.api.services.introspection.v1.PluginsRequest;
import dev.carafe.api.services.introspection.v1.ServerResponse;
import dev.carafe.engine.tasks.RuntimeHandlers;
import io.grpc.Status.Code;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IntrospectionServiceTest extends ServiceTest {
  private static final String RUNTIME = "io.containerd.runtime.v2";
  private static final String SNAPSHOTTER = "io.containerd.snapshotter.v1";

  private IntrospectionBlockingStub introspection;

  @Override
  void connect() {
    List<PluginListing.Entry> plugins =
        List.of(
            new PluginListing.Entry(RUNTIME, "shim", List.of(), List.of(), Map.of(), "broken"),
            new PluginListing.Entry(RUNTIME, "oci", List.of("x"), List.of(), Map.of(), ""),
            new PluginListing.Entry(
                SNAPSHOTTER,
                "overlayfs",
                List.of(),
                List.of("rebase", "remap-ids"),
                Map.of("root", "/r"),
                ""));
    wire.serve(new IntrospectionService(() -> plugins, () -> runtimes(), "some-uuid"));
    introspection = IntrospectionGrpc.newBlockingStub(wire.bare());
  }

  private static RuntimeHandlers runtimes() {
    throw new IllegalStateException("no runtime is asked in these tests");
  }

  private List<Plugin> list(String... filters) {
    return introspection
        .plugins(PluginsRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getPluginsList();
  }

  @Test
  void pluginsShowWhatClientsChooseBy() {
    Plugin overlayfs = list("type==" + SNAPSHOTTER + ",id==overlayfs").getFirst();
    assertEquals(Map.of("root", "/r"), overlayfs.getExportsMap());
    assertEquals(List.of("rebase", "remap-ids"), overlayfs.getCapabilitiesList());
    assertEquals("linux", overlayfs.getPlatforms(0).getOs());
    assertFalse(overlayfs.hasInitErr());
    Plugin failed = list("id==shim").getFirst();
    assertEquals("broken", failed.getInitErr().getMessage());
    assertEquals(2, failed.getInitErr().getCode());
    assertEquals(3, list().size());
    assertEquals(1, list("capabilities~=remap-ids").size());
    refused(Code.INVALID_ARGUMENT, () -> list("id="));
  }

  @Test
  void serverIsOneAndHasAPlace() {
    ServerResponse server = introspection.server(Empty.getDefaultInstance());
    assertEquals("some-uuid", server.getUuid());
    assertEquals(ProcessHandle.current().pid(), server.getPid());
    assertTrue(server.getPidns() > 0);
  }

  /** containerd has one runtime plugin, and clients ask about it whatever runtime they mean. */
  @Test
  void runtimePluginHasContainerdsNameToo() {
    assertEquals("task", info(RUNTIME, "task").getId());
    assertEquals(List.of("x"), info(RUNTIME, "task").getRequiresList());
    assertEquals("oci", info(RUNTIME, "oci").getId());
    refused(
        Code.NOT_FOUND,
        "plugin " + SNAPSHOTTER + ".task: not found",
        () -> info(SNAPSHOTTER, "task"));
  }

  private Plugin info(String type, String id) {
    return introspection
        .pluginInfo(PluginInfoRequest.newBuilder().setType(type).setId(id).build())
        .getPlugin();
  }
}
