package dev.carafe.host;

import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A factory that was found.
 *
 * @param jar where it comes from
 * @param id the jar's id for {@link FactoryManager}, or null for the class path
 * @param warnings what the operator should know of the jar
 */
record Candidate(
    PluginFactory<?, ?> factory,
    PluginDeclaration<?, ?> declaration,
    String jar,
    @Nullable String id,
    List<String> warnings) {

  /** The context class loader of the plugin's calls; null for the daemon's own. */
  @Nullable ClassLoader loader() {
    return id == null ? null : factory.getClass().getClassLoader();
  }
}
