package dev.carafe.plugin.proxy.testing;

import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.sandboxes.SandboxService;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.metadata.MetadataConfig;
import dev.carafe.metadata.MetadataFactory;
import dev.carafe.services.GrpcPlugins;
import dev.carafe.services.SandboxServiceFactory;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import dev.carafe.testkit.sandboxes.MemorySandboxController;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import io.grpc.BindableService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Carafe's services over its metadata over back ends in memory, which outlive every server that
 * serves them: snapshots of the snapshotter {@code memory}, content, and diffs if there is a differ
 * for it.
 */
public final class ServedStores implements AutoCloseable {
  private final Metadata metadata;
  private final SandboxService sandboxes;
  private final List<BindableService> services = new ArrayList<>();

  private ServedStores(Path directory, @Nullable PluginFactory<Differ, ?> differ) {
    try {
      Path root = Files.createTempDirectory(directory, "peer-");
      Path files = Files.createTempDirectory(directory, "snapshots-");
      TestContext context =
          new TestContext(root)
              .with(PluginTypes.METADATA_DATABASE, "memory", new MemoryMetadataDatabase())
              .<ContentStore>with(PluginTypes.CONTENT_STORE, "memory", new MemoryContentStore())
              .<Snapshotter>with(
                  PluginTypes.SNAPSHOTTER, "memory", MemorySnapshotter.rebasing(files))
              .<EventBus>with(PluginTypes.EVENT_BUS, "none", new NoEvents());
      metadata = new MetadataFactory().create(context, MetadataConfig.DEFAULT);
      context.with(Metadata.TYPE, "bolt", metadata);
      GrpcPlugins.None none = new GrpcPlugins.None();
      services.add(
          new GrpcPlugins.Snapshots()
              .create(context, new GrpcPlugins.SnapshotsConfig(Map.of("tested", "memory")))
              .service());
      services.add(new GrpcPlugins.Content().create(context, none).service());
      context.<SandboxController>with(
          PluginTypes.SANDBOX_CONTROLLER, "memory", new MemorySandboxController());
      sandboxes = new SandboxServiceFactory().create(context, new SandboxServiceFactory.Config());
      context.with(SandboxService.TYPE, "sandboxes", sandboxes);
      services.add(new GrpcPlugins.SandboxControllers().create(context, none).service());
      if (differ != null) {
        context.with(TransferFlows.TYPE, "local", flows(make(differ, context)));
        services.add(new GrpcPlugins.Diff().create(context, none).service());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Files go below the directory. */
  public static ServedStores in(Path directory) {
    return new ServedStores(directory, null);
  }

  /** As {@link #in(Path)}, with diffs. */
  public static ServedStores in(Path directory, PluginFactory<Differ, ?> differ) {
    return new ServedStores(directory, differ);
  }

  private static <C extends Record> Differ make(
      PluginFactory<Differ, C> factory, TestContext context) {
    return factory.create(context, factory.declaration().defaults());
  }

  public PeerServer serve(Path socket) {
    return PeerServer.start(socket, services.toArray(BindableService[]::new));
  }

  /** What is behind the services. */
  public Metadata metadata() {
    return metadata;
  }

  @Override
  public void close() throws Exception {
    if (sandboxes instanceof AutoCloseable closeable) {
      closeable.close();
    }
    if (metadata instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  /** What diffs need of it; nothing is pulled here. */
  private static TransferFlows flows(Differ differ) {
    List<Differ> differs = List.of(differ);
    LayerApplier applier = new LayerApplier(differs, List.of(), PullConfig.DEFAULT);
    return (TransferFlows)
        Proxy.newProxyInstance(
            TransferFlows.class.getClassLoader(),
            new Class<?>[] {TransferFlows.class},
            (_, method, _) ->
                switch (method.getName()) {
                  case "applier" -> applier;
                  case "differs" -> differs;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }
}
