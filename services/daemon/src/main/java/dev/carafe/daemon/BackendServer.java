package dev.carafe.daemon;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.services.Calls;
import dev.carafe.spi.errors.AlreadyExistsException;
import io.grpc.BindableService;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Serves snapshots, content and diffs to another daemon, whose proxy plugins they are. That daemon
 * has namespaces, references and garbage collection of its own: here all of it is one namespace,
 * and held by one lease until the other daemon removes it.
 */
final class BackendServer {
  private static final String LEASE = "backend";
  private static final Set<String> SERVICES =
      Set.of(
          "containerd.services.snapshots.v1.Snapshots",
          "containerd.services.content.v1.Content",
          "containerd.services.diff.v1.Diff");

  private BackendServer() {}

  /** Null if the configuration wants none. */
  static @Nullable ApiServer start(
      DaemonConfig.Backend config, Metadata metadata, List<BindableService> services) {
    if (config.address().isEmpty()) {
      return null;
    }
    SocketFile socket = SocketFile.claim(Path.of(config.address()));
    try {
      metadata.stores(new Namespace(config.namespace())).leases().create(LEASE, Map.of());
    } catch (AlreadyExistsException e) {
      // From an earlier start.
    }
    return ApiServer.start(
        socket,
        services.stream()
            .filter(service ->
                SERVICES.contains(service.bindService().getServiceDescriptor().getName()))
            .toList(),
        Calls.fixed(config.namespace(), LEASE),
        List.of(),
        List.of());
  }
}
