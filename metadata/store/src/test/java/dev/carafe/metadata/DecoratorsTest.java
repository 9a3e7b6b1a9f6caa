package dev.carafe.metadata;

import static dev.carafe.metadata.World.NAMESPACE;
import static dev.carafe.metadata.World.SNAPSHOTTER;
import static dev.carafe.metadata.World.key;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Stores;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.snapshots.CommitRequest;
import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A method that an interface gains must not pass a decorator by. */
@ExtendWith(LeakCheck.class)
class DecoratorsTest {
  private static void assertOverridesAll(Class<?> contract, Class<?> decorator) {
    for (Method method : contract.getMethods()) {
      if (!Modifier.isStatic(method.getModifiers())) {
        assertDoesNotThrow(
            () -> decorator.getDeclaredMethod(method.getName(), method.getParameterTypes()));
      }
    }
  }

  @Test
  void decoratorsImplementEveryMethodThemselves() {
    assertOverridesAll(Snapshotter.class, NamespacedSnapshotter.class);
    assertOverridesAll(ContentStore.class, NamespacedContentStore.class);
    assertOverridesAll(ContentWriter.class, NamespacedWriter.class);
    assertOverridesAll(Snapshotter.class, CallerSnapshotter.class);
    assertOverridesAll(ContentStore.class, CallerContentStore.class);
  }

  private static <T> T recording(Class<T> type, T target, Set<String> calls) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              calls.add(method.getName());
              Object result = Calls.invoke(target, method, arguments);
              return result instanceof ContentWriter writer
                  ? recording(ContentWriter.class, writer, calls)
                  : result;
            }));
  }

  private static Set<String> methods(Class<?> type) {
    Set<String> names = new TreeSet<>();
    for (Method method : type.getMethods()) {
      if (!Modifier.isStatic(method.getModifiers())) {
        names.add(method.getName());
      }
    }
    return names;
  }

  @Test
  void everyCallReachesTheBackEndThatIsItsBusiness(WorkDirectory directory)
      throws InterruptedException {
    try (World world = new World(directory.path())) {
      Set<String> toSnapshotter = new ConcurrentSkipListSet<>();
      Set<String> toContent = new ConcurrentSkipListSet<>();
      NamespacedMetadata metadata =
          world.open(
              world.database,
              recording(ContentStore.class, world.content, toContent),
              Map.of(SNAPSHOTTER, recording(Snapshotter.class, world.snapshotter, toSnapshotter)));
      Stores stores = metadata.stores(NAMESPACE);
      Snapshotter snapshots = stores.snapshotter(SNAPSHOTTER);
      snapshots.prepare(key("a"), null, Map.of());
      snapshots.mounts(key("a"));
      snapshots.stat(key("a"));
      snapshots.usage(key("a"));
      snapshots.updateLabels(key("a"), _ -> Map.of("containerd.io/snapshot/x", "1"));
      snapshots.commit(new CommitRequest(key("a"), key("c"), null, Map.of()));
      snapshots.view(key("v"), key("c"), Map.of());
      snapshots.remove(key("v"));
      snapshots.cleanup();
      assertEquals(methods(Snapshotter.class), toSnapshotter);

      Digest digest = Digest.of(World.bytes("x"));
      try (ContentWriter writer = stores.content().writer(new IngestRequest("r", 0, null))) {
        writer.write(ByteBuffer.wrap(World.bytes("y")));
        writer.truncate();
        writer.digest();
        stores.content().status("r");
        writer.write(ByteBuffer.wrap(World.bytes("x")));
        writer.commit(1, digest, Map.of());
      }
      stores.content().open(digest).close();
      stores.content().writer(new IngestRequest("s", 0, null)).close();
      stores.content().abort("s");
      metadata.collector().collect();
      Set<String> expected = methods(ContentStore.class);
      expected.addAll(methods(ContentWriter.class));
      // Labels of blobs are kept here and nowhere else; and info is asked only before a refusal.
      expected.remove("updateLabels");
      expected.remove("info");
      // A blob goes by itself only where it cannot go with others.
      expected.remove("delete");
      assertEquals(expected, toContent);
      assertTrue(world.backendBlobs().isEmpty());
    }
  }
}
