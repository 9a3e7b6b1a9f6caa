package dev.carafe.metadata;

import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.plugins.Caller;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Back ends can learn who calls. */
@ExtendWith(LeakCheck.class)
class CallerTest {
  private final Set<Caller> callers = ConcurrentHashMap.newKeySet();

  private <T> T listening(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              if (!method.getName().equals("capabilities")) {
                callers.add(Caller.current());
              }
              return Calls.invoke(target, method, arguments);
            }));
  }

  private NamespacedMetadata metadata(World world) {
    return world.open(
        world.database,
        listening(ContentStore.class, world.content),
        Map.of(SNAPSHOTTER, listening(Snapshotter.class, world.snapshotter)));
  }

  @Test
  void backEndsAreToldNamespaceAndLease(WorkDirectory directory) {
    try (World world = new World(directory.path())) {
      NamespacedMetadata metadata = metadata(world);
      String lease = metadata.stores(new Namespace("one")).leases().create("kept", Map.of()).id();
      Stores stores = metadata.stores(new Namespace("one"), lease);
      callers.clear();

      stores.snapshotter(SNAPSHOTTER).prepare(key("a"), null, Map.of());
      stores.snapshotter(SNAPSHOTTER).mounts(key("a"));
      stores.content().writer(new IngestRequest("r", 0, null)).close();

      assertEquals(Set.of(new Caller("one", "kept")), callers);
    }
  }

  @Test
  void garbageCollectionIsNobodysCall(WorkDirectory directory) throws InterruptedException {
    try (World world = new World(directory.path())) {
      NamespacedMetadata metadata = metadata(world);
      callers.clear();

      metadata.collector().collect();

      assertTrue(callers.contains(Caller.NOBODY), callers::toString);
      assertEquals(1, callers.size(), callers::toString);
    }
  }
}
