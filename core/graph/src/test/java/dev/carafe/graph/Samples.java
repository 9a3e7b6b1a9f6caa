package dev.carafe.graph;

import java.util.List;

/** Plugins for tests. */
final class Samples {
  private Samples() {}

  static PluginNode running(String type, String id, String... requires) {
    return new PluginNode(
        type, id, List.of(requires), List.of(), PluginNode.State.RUNNING, 1.25, "", "a.jar");
  }

  static PluginNode failed(String type, String id, String error, String... requires) {
    return new PluginNode(
        type, id, List.of(requires), List.of(), PluginNode.State.FAILED, 7, error, "b.jar");
  }

  static PluginNode disabled(String type, String id) {
    return new PluginNode(type, id, List.of(), List.of(), PluginNode.State.DISABLED, -1, "", "");
  }

  static PluginNode wanting(String type, String id, String... wants) {
    return new PluginNode(type, id, List.of(), List.of(wants), PluginNode.State.RUNNING, 0, "", "");
  }

  /** A small daemon. */
  static List<PluginNode> daemon() {
    return List.of(
        running("io.containerd.content.v1", "content"),
        running("io.containerd.snapshotter.v1", "overlayfs"),
        disabled("io.containerd.snapshotter.v1", "native"),
        running(
            "io.containerd.metadata.v1",
            "bolt",
            "io.containerd.content.v1",
            "io.containerd.snapshotter.v1"),
        failed("io.containerd.transfer.v1", "local", "no room", "io.containerd.metadata.v1"),
        failed(
            "io.containerd.grpc.v1",
            "transfer",
            "requires io.containerd.transfer.v1: no room",
            "io.containerd.transfer.v1",
            "io.containerd.content.v1"),
        running("io.containerd.grpc.v1", "version"),
        running("io.containerd.nri.v1", "nri"));
  }
}
