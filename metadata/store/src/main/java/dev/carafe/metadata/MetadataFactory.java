package dev.carafe.metadata;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.time.Clock;
import java.util.List;
import java.util.Locale;

/**
 * Makes the metadata plugin, under containerd's name {@code bolt}: the namespaced stores on top of
 * the metadata database, the content store and all snapshotters.
 */
@CarafePlugin
public final class MetadataFactory implements PluginFactory<Metadata, MetadataConfig> {
  @Override
  public PluginDeclaration<Metadata, MetadataConfig> declaration() {
    return new PluginDeclaration<>(
        Metadata.TYPE,
        "bolt",
        List.of(
            PluginTypes.METADATA_DATABASE,
            PluginTypes.CONTENT_STORE,
            PluginTypes.SNAPSHOTTER,
            PluginTypes.EVENT_BUS),
        true,
        MetadataConfig.DEFAULT);
  }

  @Override
  public Metadata create(PluginContext context, MetadataConfig config) {
    NamespacedMetadata metadata =
        NamespacedMetadata.open(
            new NamespacedMetadata.Parts(
                context.require(PluginTypes.METADATA_DATABASE),
                context.require(PluginTypes.CONTENT_STORE),
                context.requireAll(PluginTypes.SNAPSHOTTER),
                context.require(PluginTypes.EVENT_BUS),
                context.root(),
                Clock.systemUTC()),
            config);
    context.uses(PluginTypes.SNAPSHOTTER, metadata::uses);
    context.export("policy", config.contentSharingPolicy().name().toLowerCase(Locale.ROOT));
    metadata.suspicion().ifPresent(reason -> context.export("suspect", reason));
    return metadata;
  }
}
