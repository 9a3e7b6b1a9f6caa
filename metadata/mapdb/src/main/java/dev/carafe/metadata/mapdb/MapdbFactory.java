package dev.carafe.metadata.mapdb;

import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.util.List;

/**
 * The metadata database: a journal with group commit, MapDB's sorted tables as checkpoints. Lies in
 * the plugin's root directory; see {@code docs/metadata-database.md}.
 */
@CarafePlugin
public final class MapdbFactory implements PluginFactory<MetadataDatabase, MapdbConfig> {
  static final String ID = "mapdb";

  @Override
  public PluginDeclaration<MetadataDatabase, MapdbConfig> declaration() {
    return new PluginDeclaration<>(
        PluginTypes.METADATA_DATABASE, ID, List.of(), true, MapdbConfig.DEFAULT);
  }

  /**
   * Opens the database, or creates it.
   *
   * @throws dev.carafe.spi.errors.DataLossException if it is damaged; the message names the command
   *     that mends it
   */
  @Override
  public MetadataDatabase create(PluginContext context, MapdbConfig config) {
    return MapdbDatabase.open(context.root(), config);
  }

  /** The directory of the database of a daemon with this root. */
  public static Path directory(Path root) {
    return root.resolve(PluginTypes.METADATA_DATABASE.name() + "." + ID);
  }
}
