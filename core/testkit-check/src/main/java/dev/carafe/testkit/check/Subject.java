package dev.carafe.testkit.check;

import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The plugin that suites are run on. JUnit makes objects of suites itself: they find the subject
 * here.
 */
record Subject(PackagedPlugin plugin, String type, String id, Set<String> declines) {
  private static volatile @Nullable Subject current;

  /** The subject of the suite that runs. */
  static Subject current() {
    return Objects.requireNonNull(current, "no plugin is being checked");
  }

  /** Makes this the subject of suites until told otherwise. */
  void begin() {
    current = this;
  }

  <T> T open(PluginType<T> kind, Path root) {
    return plugin.open(root, kind, id);
  }

  boolean does(String behaviour) {
    return !declines.contains(behaviour);
  }

  /** Those behaviours of a suite that are declined. */
  <E extends Enum<E>> Set<E> declinesOf(Class<E> behaviours) {
    EnumSet<E> declined = EnumSet.noneOf(behaviours);
    for (E behaviour : Objects.requireNonNull(behaviours.getEnumConstants())) {
      if (declines.contains(behaviour.name())) {
        declined.add(behaviour);
      }
    }
    return declined;
  }

  /** For the report: what is declared, and what a snapshotter says that it cannot do. */
  List<String> declined() {
    List<String> declined = new ArrayList<>(declines);
    if (type.equals(PluginTypes.SNAPSHOTTER.name())) {
      try {
        Path root = Files.createTempDirectory("carafe-testkit-check-");
        try {
          Snapshotter snapshotter = open(PluginTypes.SNAPSHOTTER, root);
          EnumSet.complementOf(
                  snapshotter.capabilities().isEmpty()
                      ? EnumSet.noneOf(Capability.class)
                      : EnumSet.copyOf(snapshotter.capabilities()))
              .forEach(capability -> declined.add(capability.name()));
          ((AutoCloseable) snapshotter).close();
        } finally {
          dev.carafe.testkit.Trees.delete(root);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    return declined;
  }
}
