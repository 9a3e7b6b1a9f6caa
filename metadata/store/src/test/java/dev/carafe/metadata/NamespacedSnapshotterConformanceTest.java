package dev.carafe.metadata;

import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The decorator keeps the contract of what it decorates, restarts included. */
class NamespacedSnapshotterConformanceTest extends SnapshotterConformance {
  private final Map<Path, World> worlds = new ConcurrentHashMap<>();

  @Override
  protected SnapshotterHarness harness() {
    return root -> {
      World world = worlds.computeIfAbsent(root, World::new);
      return world
          .open(world.database, world.content, Map.of("memory", surviving(world.snapshotter)))
          .stores(World.NAMESPACE)
          .snapshotter("memory");
    };
  }

  /** The instance outlives the metadata, and says so. */
  private static Snapshotter surviving(Snapshotter memory) {
    return (Snapshotter)
        Proxy.newProxyInstance(
            Snapshotter.class.getClassLoader(),
            new Class<?>[] {Snapshotter.class},
            (_, method, arguments) -> {
              if (method.getName().equals("capabilities")) {
                Set<Capability> capabilities = EnumSet.of(Capability.SURVIVES_RESTART);
                capabilities.addAll(memory.capabilities());
                return capabilities;
              }
              return Calls.invoke(memory, method, arguments);
            });
  }
}
