package dev.carafe.metadata;

import java.util.Map;
import java.util.function.Consumer;

/** The labels that say what an object holds, and what holds it. */
final class References {
  private static final String PREFIX = "containerd.io/gc.";
  private static final String REF = PREFIX + "ref.";
  private static final String BACK_REF = PREFIX + "bref.";

  private References() {}

  /** Shows everything that an object with these labels holds. */
  static void forEach(String namespace, Map<String, String> labels, Consumer<Node> visitor) {
    labels.forEach((key, value) -> target(REF, namespace, key, value, visitor));
  }

  /** Shows everything that holds an object with these labels while it lives itself. */
  static void forEachHolder(String namespace, Map<String, String> labels, Consumer<Node> visitor) {
    labels.forEach((key, value) -> target(BACK_REF, namespace, key, value, visitor));
  }

  private static void target(
      String prefix, String namespace, String key, String value, Consumer<Node> visitor) {
    if (!key.startsWith(prefix) || value.isEmpty()) {
      return;
    }
    String what = key.substring(prefix.length());
    if (isKind(what, "content")) {
      visitor.accept(Node.content(namespace, value));
    } else if (isKind(what, "image")) {
      visitor.accept(Node.image(namespace, value));
    } else if (what.startsWith("snapshot.")) {
      String snapshotter = what.substring("snapshot.".length());
      int slash = snapshotter.indexOf('/');
      if (slash >= 0) {
        snapshotter = snapshotter.substring(0, slash);
      }
      visitor.accept(Node.snapshot(namespace, snapshotter, value));
    } else if (prefix.equals(BACK_REF) && isKind(what, "container")) {
      visitor.accept(Node.container(namespace, value));
    } else if (prefix.equals(BACK_REF) && isKind(what, "sandbox")) {
      visitor.accept(Node.sandbox(namespace, value));
    }
  }

  /** The kind itself, or the kind with a name of the client's choosing behind a dot or a slash. */
  private static boolean isKind(String what, String kind) {
    return what.startsWith(kind)
        && (what.length() == kind.length()
            || what.charAt(kind.length()) == '.'
            || what.charAt(kind.length()) == '/');
  }
}
