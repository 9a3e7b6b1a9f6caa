package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.testkit.content.ContentStoreConformance;
import dev.carafe.testkit.content.ContentStoreHarness;
import java.lang.reflect.Proxy;

/** The decorator over the database and the local content store, which survive a restart. */
class RealContentStoreConformanceTest extends ContentStoreConformance {
  @Override
  protected ContentStoreHarness harness() {
    return root -> {
      RealStores stores = new RealStores(root);
      return closing(stores.metadata().stores(World.NAMESPACE).content(), stores);
    };
  }

  /** The store, closed together with everything below it. */
  private static ContentStore closing(ContentStore target, AutoCloseable stores) {
    return (ContentStore)
        Proxy.newProxyInstance(
            RealContentStoreConformanceTest.class.getClassLoader(),
            new Class<?>[] {ContentStore.class, AutoCloseable.class},
            (_, method, arguments) ->
                Calls.invoke(
                    method.getName().equals("close") ? stores : target, method, arguments));
  }
}
