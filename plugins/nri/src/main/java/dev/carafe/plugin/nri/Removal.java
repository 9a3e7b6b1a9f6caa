package dev.carafe.plugin.nri;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Names that say that something is to be removed: with a dash before them. */
final class Removal {
  private Removal() {}

  static boolean isRemoval(String name) {
    return name.startsWith("-");
  }

  /** The name without the dash. */
  static String target(String name) {
    return isRemoval(name) ? name.substring(1) : name;
  }

  /** Without the removals of what is set as well: that is set anew. */
  static <T> List<T> effective(List<T> wanted, Function<T, String> name) {
    Set<String> set =
        wanted.stream().map(name).filter(one -> !isRemoval(one)).collect(Collectors.toSet());
    return wanted.stream()
        .filter(one -> !isRemoval(name.apply(one)) || !set.contains(target(name.apply(one))))
        .toList();
  }
}
