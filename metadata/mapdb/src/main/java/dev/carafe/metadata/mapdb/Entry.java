package dev.carafe.metadata.mapdb;

/** What lies under a flat key. */
sealed interface Entry {

  /** Bytes, never changed once stored. */
  record Value(byte[] bytes) implements Entry {}

  /** A nested bucket. */
  record Child(long id) implements Entry {}

  /** Nothing, whatever the checkpoint holds. */
  record Gone() implements Entry {}

  Gone GONE = new Gone();

  /** Size beside the key, as it counts for a transaction. */
  default int size() {
    return switch (this) {
      case Value value -> value.bytes().length;
      case Child _ -> Long.BYTES;
      case Gone _ -> 0;
    };
  }
}
