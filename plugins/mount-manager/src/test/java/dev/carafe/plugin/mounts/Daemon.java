package dev.carafe.plugin.mounts;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.linux.Mounter;
import dev.carafe.metadata.MetadataConfig;
import dev.carafe.metadata.MetadataFactory;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.function.Predicate;

/** Metadata and a mount manager; a second one on the same directory stands for a restart. */
final class Daemon implements AutoCloseable {
  final Path state;
  final Metadata metadata;
  final KernelMountManager mounts;

  Daemon(Path work) {
    this(work, new MemoryMetadataDatabase());
  }

  Daemon(Path work, MetadataDatabase database) {
    state = directory(work, "state");
    metadata =
        new MetadataFactory()
            .create(
                new Context(
                    directory(work, "metadata"),
                    Map.of(
                        PluginTypes.METADATA_DATABASE,
                        database,
                        PluginTypes.CONTENT_STORE,
                        new MemoryContentStore(),
                        PluginTypes.SNAPSHOTTER,
                        new MemorySnapshotter(directory(work, "snapshots")),
                        PluginTypes.EVENT_BUS,
                        new Silence())),
                MetadataConfig.DEFAULT);
    mounts = KernelMountManager.open(metadata, state, Mounter.kernel(), Clock.systemUTC());
  }

  Stores stores() {
    return metadata.stores(new Namespace("testing"));
  }

  Stores under(String lease) {
    return metadata.stores(new Namespace("testing"), lease);
  }

  void collect() {
    try {
      metadata.collector().collect();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws Exception {
    mounts.close();
    if (metadata instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  private static Path directory(Path work, String name) {
    try {
      return Files.createDirectories(work.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Context(Path root, Map<PluginType<?>, Object> plugins) implements PluginContext {
    @Override
    public Path state() {
      return root;
    }

    @Override
    public <T> T require(PluginType<T> type) {
      return type.contract().cast(plugins.get(type));
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      return Map.of("memory", require(type));
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }

  private static final class Silence implements EventBus {
    @Override
    public void publish(Envelope envelope) {}

    @Override
    public Subscription subscribe(Predicate<Envelope> filter, int capacity) {
      throw new UnimplementedException("nobody subscribes in these tests");
    }
  }
}
