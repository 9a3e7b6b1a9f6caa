package dev.carafe.metadata;

import dev.carafe.spi.snapshots.Snapshotter;
import dev.carafe.testkit.snapshots.SnapshotterConformance;
import dev.carafe.testkit.snapshots.SnapshotterHarness;
import java.lang.reflect.Proxy;

/** The decorator over the database and the native snapshotter, which survive a restart. */
class RealSnapshotterConformanceTest extends SnapshotterConformance {
  @Override
  protected SnapshotterHarness harness() {
    return root -> {
      RealStores stores = new RealStores(root);
      return closing(stores.metadata().stores(World.NAMESPACE).snapshotter("native"), stores);
    };
  }

  /** The snapshotter, closed together with everything below it. */
  private static Snapshotter closing(Snapshotter target, AutoCloseable stores) {
    return (Snapshotter)
        Proxy.newProxyInstance(
            RealSnapshotterConformanceTest.class.getClassLoader(),
            new Class<?>[] {Snapshotter.class, AutoCloseable.class},
            (_, method, arguments) ->
                Calls.invoke(
                    method.getName().equals("close") ? stores : target, method, arguments));
  }
}
