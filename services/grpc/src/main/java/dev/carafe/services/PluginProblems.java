package dev.carafe.services;

import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginType;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** What is wrong with plugins, for plugins that tell others: the daemon knows, and they ask. */
public interface PluginProblems {
  PluginType<PluginProblems> TYPE =
      new PluginType<>("dev.carafe.plugin-problems.v1", PluginProblems.class);

  /** One line for each plugin with which something is wrong. */
  @Direct
  List<String> now();

  /** Names the one who knows; until then nothing is wrong. */
  @Direct
  void ask(Supplier<List<String>> source);

  /** Makes it. */
  @CarafePlugin
  final class Factory implements PluginFactory<PluginProblems, Factory.None> {
    /** It has no settings. */
    public record None() {}

    @Override
    public PluginDeclaration<PluginProblems, None> declaration() {
      return new PluginDeclaration<>(TYPE, "problems", List.of(), false, new None());
    }

    @Override
    public PluginProblems create(PluginContext context, None config) {
      AtomicReference<Supplier<List<String>>> known = new AtomicReference<>(List::of);
      return new PluginProblems() {
        @Override
        public List<String> now() {
          return known.get().get();
        }

        @Override
        public void ask(Supplier<List<String>> source) {
          known.set(source);
        }
      };
    }
  }
}
