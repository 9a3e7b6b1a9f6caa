package dev.carafe.plugin.content.local;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;

/** Makes the content store {@code io.containerd.content.v1.content}. Its table has no keys. */
@CarafePlugin
public final class LocalFactory implements PluginFactory<ContentStore, LocalFactory.Config> {
  private static final PluginDeclaration<ContentStore, Config> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.CONTENT_STORE, "content", List.of(), /* essential= */ true, new Config());

  /** Nothing to configure. */
  public record Config() {}

  @Override
  public PluginDeclaration<ContentStore, Config> declaration() {
    return DECLARATION;
  }

  @Override
  public ContentStore create(PluginContext context, Config config) {
    ContentStore store = LocalContentStore.open(context.root());
    context.export("root", context.root().toString());
    return store;
  }
}
