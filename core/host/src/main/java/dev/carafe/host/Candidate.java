package dev.carafe.host;

import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that a plugin can be made of.
 *
 * @param jar where it comes from
 * @param loader the context class loader of the plugin's calls; null for the daemon's own
 * @param warnings what the operator should know of the jar
 */
record Candidate(
    Maker maker,
    PluginDeclaration<?, ?> declaration,
    String jar,
    @Nullable ClassLoader loader,
    List<String> warnings) {

  /** Makes the plugin from its configuration record. */
  interface Maker {
    @Nullable Object create(PluginContext context, Record config);
  }

  /** A factory that was found; one from a jar is called under the loader of its own class. */
  static Candidate of(
      PluginFactory<?, ?> factory, String jar, boolean isolated, List<String> warnings) {
    PluginDeclaration<?, ?> declaration = factory.declaration();
    return new Candidate(
        maker(factory),
        Objects.requireNonNull(declaration, "declaration() returns null"),
        jar,
        isolated ? factory.getClass().getClassLoader() : null,
        warnings);
  }

  static <C extends Record> Maker maker(PluginFactory<?, C> factory) {
    return (context, config) -> {
      @SuppressWarnings("unchecked")
      C own = (C) config;
      return factory.create(context, own);
    };
  }
}
