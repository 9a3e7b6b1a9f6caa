package dev.carafe.metadata.mapdb;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sorted map: what is newer than the checkpoint. A change copies the path from the
 * root (a balanced tree after Adelson-Velsky and Landis) and leaves every older map as it was,
 * which is what a reader holds. Entries are replaced and never removed, other than by {@link
 * #newerThan}.
 */
final class Overlay {
  static final Overlay EMPTY = new Overlay(null);

  private final @Nullable Node root;

  private Overlay(@Nullable Node root) {
    this.root = root;
  }

  /**
   * One entry.
   *
   * @param revision the transaction that made it
   * @param newest the latest revision in this part of the tree
   */
  record Node(
      byte[] key,
      Entry entry,
      long revision,
      @Nullable Node left,
      @Nullable Node right,
      int height,
      long newest) {
    static Node of(
        byte[] key, Entry entry, long revision, @Nullable Node left, @Nullable Node right) {
      return new Node(
          key,
          entry,
          revision,
          left,
          right,
          1 + Math.max(heightOf(left), heightOf(right)),
          Math.max(revision, Math.max(newestOf(left), newestOf(right))));
    }

    Node with(@Nullable Node newLeft, @Nullable Node newRight) {
      return of(key, entry, revision, newLeft, newRight);
    }
  }

  private static int heightOf(@Nullable Node node) {
    return node == null ? 0 : node.height;
  }

  private static long newestOf(@Nullable Node node) {
    return node == null ? 0 : node.newest;
  }

  /** A map of entries in the order of their keys. */
  static Overlay of(List<Node> nodes) {
    return new Overlay(build(nodes, 0, nodes.size()));
  }

  @Nullable Node find(byte[] key) {
    Node node = root;
    while (node != null) {
      int order = Arrays.compareUnsigned(key, node.key);
      if (order == 0) {
        return node;
      }
      node = order < 0 ? node.left : node.right;
    }
    return null;
  }

  /** This map with {@code entry} under {@code key}. */
  Overlay with(byte[] key, Entry entry, long revision) {
    return new Overlay(insert(root, key, entry, revision));
  }

  private static Node insert(@Nullable Node node, byte[] key, Entry entry, long revision) {
    if (node == null) {
      return Node.of(key, entry, revision, null, null);
    }
    int order = Arrays.compareUnsigned(key, node.key);
    if (order == 0) {
      return Node.of(node.key, entry, revision, node.left, node.right);
    }
    return order < 0
        ? balanced(node, insert(node.left, key, entry, revision), node.right)
        : balanced(node, node.left, insert(node.right, key, entry, revision));
  }

  private static Node balanced(Node node, @Nullable Node left, @Nullable Node right) {
    int tilt = heightOf(left) - heightOf(right);
    if (tilt > 1 && left != null) {
      Node inner = left.right;
      if (inner != null && heightOf(left.left) < inner.height) {
        return inner.with(left.with(left.left, inner.left), node.with(inner.right, right));
      }
      return left.with(left.left, node.with(left.right, right));
    }
    if (tilt < -1 && right != null) {
      Node inner = right.left;
      if (inner != null && heightOf(right.right) < inner.height) {
        return inner.with(node.with(left, inner.left), right.with(inner.right, right.right));
      }
      return right.with(node.with(left, right.left), right.right);
    }
    return node.with(left, right);
  }

  /** The entries made after {@code revision}. Costs what they cost, not what the map holds. */
  Overlay newerThan(long revision) {
    return of(nodesNewerThan(revision));
  }

  /** As {@link #newerThan}, in the order of the keys. */
  List<Node> nodesNewerThan(long revision) {
    var found = new ArrayList<Node>();
    collect(root, revision, found);
    return found;
  }

  private static void collect(@Nullable Node node, long revision, List<Node> found) {
    if (newestOf(node) <= revision || node == null) {
      return;
    }
    collect(node.left, revision, found);
    if (node.revision > revision) {
      found.add(node);
    }
    collect(node.right, revision, found);
  }

  private static @Nullable Node build(List<Node> nodes, int from, int to) {
    if (from == to) {
      return null;
    }
    int middle = (from + to) >>> 1;
    return nodes.get(middle).with(build(nodes, from, middle), build(nodes, middle + 1, to));
  }

  /** A walk over the entries from {@code key} on. */
  Walk from(byte[] key) {
    return new Walk(root, key);
  }

  /** A walk in the order of the keys. */
  static final class Walk {
    private final ArrayDeque<Node> ahead = new ArrayDeque<>();

    private Walk(@Nullable Node root, byte[] key) {
      Node node = root;
      while (node != null) {
        if (Arrays.compareUnsigned(key, node.key) <= 0) {
          ahead.push(node);
          node = node.left;
        } else {
          node = node.right;
        }
      }
    }

    /** The entry the walk stands on; null behind the last. */
    @Nullable Node current() {
      return ahead.peek();
    }

    void next() {
      Node node = ahead.pop().right;
      while (node != null) {
        ahead.push(node);
        node = node.left;
      }
    }
  }
}
