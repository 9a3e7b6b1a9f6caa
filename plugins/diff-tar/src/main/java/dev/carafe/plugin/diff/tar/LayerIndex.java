package dev.carafe.plugin.diff.tar;

import java.security.SecureRandom;

/**
 * Remembers which names this layer brought: a whiteout hides what came from below and nothing else
 * (OCI image specification, "Whiteouts"). Keeps 64 bits a name, hashed with a secret that an
 * archive cannot know.
 */
final class LayerIndex {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] CLEAN = {'/'};

  private final long seed = RANDOM.nextLong();
  private final long multiplier = RANDOM.nextLong() | 1;
  private long[] slots = new long[1024];
  private int used;

  /** The hash of the root; of other directories, {@link #child} of their parent's. */
  long root() {
    return mix(seed);
  }

  /** The hash of a name in a directory. */
  long child(long directory, byte[] name) {
    long hash = directory ^ (long) name.length * multiplier;
    for (byte b : name) {
      hash = (hash ^ (b & 0xff)) * multiplier;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }

  /** This layer has the file with this hash. */
  void addOwn(long hash) {
    add(hash);
  }

  boolean isOwn(long hash) {
    return contains(hash);
  }

  /** Nothing in the directory with this hash is from below, now and for the rest of the layer. */
  void addClean(long directory) {
    add(child(directory, CLEAN));
  }

  boolean isClean(long directory) {
    return contains(child(directory, CLEAN));
  }

  private void add(long hash) {
    if (contains(hash)) {
      return;
    }
    if (used > slots.length / 4 * 3) {
      grow();
    }
    insert(slots, key(hash));
    used++;
  }

  private boolean contains(long hash) {
    long key = key(hash);
    int at = start(key, slots.length);
    while (slots[at] != 0) {
      if (slots[at] == key) {
        return true;
      }
      at = at + 1 & slots.length - 1;
    }
    return false;
  }

  private void grow() {
    long[] larger = new long[slots.length * 2];
    for (long key : slots) {
      if (key != 0) {
        insert(larger, key);
      }
    }
    slots = larger;
  }

  private static void insert(long[] slots, long key) {
    int at = start(key, slots.length);
    while (slots[at] != 0) {
      at = at + 1 & slots.length - 1;
    }
    slots[at] = key;
  }

  private static int start(long key, int length) {
    return (int) (key ^ key >>> 32) & length - 1;
  }

  private static long key(long hash) {
    return hash == 0 ? 1 : hash;
  }

  private static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
