package dev.carafe.plugin.proxy.testing;

import dev.carafe.engine.archive.ImageExporter;
import dev.carafe.engine.archive.ImageImporter;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.push.ImagePusher;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.metadata.MetadataConfig;
import dev.carafe.metadata.MetadataFactory;
import dev.carafe.services.GrpcPlugins;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import io.grpc.BindableService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Carafe's services over its metadata over back ends in memory, which outlive every server that
 * serves them: snapshots of the snapshotter {@code memory}, content, and diffs if there is a differ
 * for it.
 */
public final class ServedStores implements AutoCloseable {
  private final Metadata metadata;
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
              .with(PluginTypes.EVENT_BUS, "none", new NoEvents());
      metadata = new MetadataFactory().create(context, MetadataConfig.DEFAULT);
      context.with(Metadata.TYPE, "bolt", metadata);
      GrpcPlugins.None none = new GrpcPlugins.None();
      services.add(
          new GrpcPlugins.Snapshots()
              .create(context, new GrpcPlugins.SnapshotsConfig(Map.of("tested", "memory")))
              .service());
      services.add(new GrpcPlugins.Content().create(context, none).service());
      if (differ != null) {
        context.with(TransferFlows.TYPE, "local", new Flows(make(differ, context)));
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
    if (metadata instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  private record Flows(Differ differ) implements TransferFlows {
    @Override
    public ImagePuller puller() {
      throw new UnsupportedOperationException("nothing is pulled here");
    }

    @Override
    public ImagePusher pusher() {
      throw new UnsupportedOperationException("nothing is pushed here");
    }

    @Override
    public ImageImporter importer() {
      throw new UnsupportedOperationException("nothing is imported here");
    }

    @Override
    public ImageExporter exporter() {
      throw new UnsupportedOperationException("nothing is exported here");
    }

    @Override
    public LayerApplier applier() {
      return new LayerApplier(differs(), PullConfig.DEFAULT);
    }

    @Override
    public List<Differ> differs() {
      return List.of(differ);
    }

    @Override
    public String defaultSnapshotter() {
      return "memory";
    }
  }

  private static final class NoEvents implements EventBus {
    @Override
    public void publish(Envelope envelope) {}

    @Override
    public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
      throw new UnsupportedOperationException(
          "there are no events: " + Map.of("capacity", capacity));
    }
  }
}
