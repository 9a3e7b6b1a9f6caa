package dev.carafe.metadata;

import dev.carafe.metadata.mapdb.MapdbConfig;
import dev.carafe.metadata.mapdb.MapdbFactory;
import dev.carafe.plugin.content.local.LocalFactory;
import dev.carafe.plugin.snapshotter.nativefs.NativeConfig;
import dev.carafe.plugin.snapshotter.nativefs.NativeFactory;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Metadata over the database, the content store and the snapshotter of the daemon, in one root. A
 * second one in the same root stands for the daemon after a crash: the first one's lock on the
 * database is taken from it.
 */
final class RealStores implements AutoCloseable {
  private static final Map<Path, MetadataDatabase> DATABASES = new ConcurrentHashMap<>();

  private final Path root;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final NamespacedMetadata metadata;

  RealStores(Path root) {
    this.root = root;
    MetadataDatabase dead = DATABASES.remove(root);
    if (dead != null) {
      dead.close();
    }
    MetadataDatabase database = make(new MapdbFactory(), MapdbConfig.DEFAULT);
    DATABASES.put(root, database);
    ContentStore content = make(new LocalFactory(), new LocalFactory.Config());
    Snapshotter snapshotter = make(new NativeFactory(), NativeConfig.DEFAULT);
    metadata =
        NamespacedMetadata.open(
            new NamespacedMetadata.Parts(
                database,
                content,
                Map.of("native", snapshotter),
                new RecordedEvents(),
                directory("metadata"),
                Clock.systemUTC()),
            MetadataConfig.DEFAULT);
    open.push(metadata);
  }

  NamespacedMetadata metadata() {
    return metadata;
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private <T, C extends Record> T make(PluginFactory<T, C> factory, C config) {
    String name = factory.declaration().uri();
    T plugin = factory.create(new Context(directory(name)), config);
    if (plugin instanceof AutoCloseable closeable) {
      open.push(closeable);
    }
    return plugin;
  }

  private Path directory(String name) {
    try {
      return Files.createDirectories(root.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Context(Path root) implements PluginContext {
    @Override
    public Path state() {
      return root;
    }

    @Override
    public <T> T require(PluginType<T> type) {
      throw new FailedPreconditionException(type.name() + " is not required");
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      throw new FailedPreconditionException(type.name() + " is not required");
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }
}
