package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The files of an image, by absolute path: what layers make together (OCI image specification,
 * "layer.md"), or what a directory holds.
 */
record FileTree(Map<String, Node> nodes) {
  /**
   * A file.
   *
   * @param type as {@code find -printf %y} shows it
   * @param facts size and digest, target, or device number
   * @param time null where none is promised
   * @param inode the same for all names of a file
   */
  record Node(
      String type,
      int mode,
      int uid,
      int gid,
      String facts,
      Map<String, String> attributes,
      @Nullable Instant time,
      Object inode) {}

  /** What layers make, the lowest first. */
  static FileTree of(List<Layer> layers) {
    Map<String, Node> nodes = new TreeMap<>();
    for (Layer layer : layers) {
      apply(layer, nodes);
    }
    return new FileTree(nodes);
  }

  private static void apply(Layer layer, Map<String, Node> nodes) {
    for (Entry entry : layer.entries()) {
      switch (entry.kind()) {
        case WHITEOUT -> {
          remove(nodes, entry.path());
          touch(nodes, parent(entry.path()));
        }
        case OPAQUE -> nodes.keySet().removeIf(path -> path.startsWith(entry.path() + "/"));
        default -> {}
      }
    }
    for (Entry entry : layer.entries()) {
      if (entry.kind() != Entry.Kind.WHITEOUT && entry.kind() != Entry.Kind.OPAQUE) {
        touch(nodes, parent(entry.path()));
        add(nodes, entry);
      }
    }
    // The last word on a directory's time is its own entry, also where files were added behind it.
    for (Entry entry : layer.entries()) {
      if (entry.kind() == Entry.Kind.DIRECTORY && nodes.containsKey(entry.path())) {
        nodes.computeIfPresent(entry.path(), (path, node) -> timed(node, entry.time()));
      }
    }
  }

  private static void add(Map<String, Node> nodes, Entry entry) {
    Node present = nodes.get(entry.path());
    Node added = entry.kind() == Entry.Kind.LINK ? nodes.get(entry.target()) : node(entry);
    if (added == null) {
      throw new IllegalArgumentException("hard link " + entry.path() + " to nothing");
    }
    if (present != null && !(present.type().equals("d") && added.type().equals("d"))) {
      remove(nodes, entry.path());
    }
    nodes.put(entry.path(), added);
  }

  private static Node node(Entry entry) {
    Map<String, String> attributes = new TreeMap<>();
    entry
        .attributes()
        .forEach((name, value) -> attributes.put(name, HexFormat.of().formatHex(value)));
    String type =
        switch (entry.kind()) {
          case FILE -> "f";
          case DIRECTORY -> "d";
          case SYMLINK -> "l";
          case FIFO -> "p";
          case CHARACTER -> "c";
          case BLOCK -> "b";
          default -> throw new IllegalArgumentException(entry.kind().name());
        };
    String facts =
        switch (entry.kind()) {
          case FILE -> entry.content().length + " " + Digests.sha256(entry.content());
          case SYMLINK -> entry.target();
          case CHARACTER, BLOCK -> entry.major() + ":" + entry.minor();
          default -> "";
        };
    return new Node(
        type,
        entry.mode(),
        entry.uid(),
        entry.gid(),
        facts,
        attributes,
        entry.time(),
        new Object());
  }

  private static void remove(Map<String, Node> nodes, String path) {
    nodes.keySet().removeIf(below -> below.equals(path) || below.startsWith(path + "/"));
  }

  private static void touch(Map<String, Node> nodes, String directory) {
    nodes.computeIfPresent(directory, (path, node) -> timed(node, null));
  }

  private static Node timed(Node node, @Nullable Instant time) {
    return new Node(
        node.type, node.mode, node.uid, node.gid, node.facts, node.attributes, time, node.inode);
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  /** Fails unless {@code actual} has exactly these files; the root itself is not compared. */
  void assertSameAs(FileTree actual) {
    assertEquals(text(nodes.keySet().isEmpty() ? Map.of() : nodes), actual.text(nodes));
  }

  /** One line a file; times where {@code timed} has one. */
  private String text(Map<String, Node> timed) {
    Map<Object, String> firstNames = new java.util.HashMap<>();
    return nodes.entrySet().stream()
        .map(entry -> {
          Node node = entry.getValue();
          String first = firstNames.putIfAbsent(node.inode, entry.getKey());
          Node model = timed.get(entry.getKey());
          return "%s %s %04o %d:%d %s%s%s%s"
              .formatted(
                  entry.getKey(),
                  node.type,
                  node.mode,
                  node.uid,
                  node.gid,
                  node.facts,
                  node.attributes.isEmpty() ? "" : " " + node.attributes,
                  first == null ? "" : " same as " + first,
                  model == null || model.time == null ? "" : " " + node.time);
        })
        .collect(Collectors.joining("\n"));
  }
}
