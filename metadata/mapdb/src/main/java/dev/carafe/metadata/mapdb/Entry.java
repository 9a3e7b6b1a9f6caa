package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;

/**
 * What lies under a flat key. Methods rather than switches over the type, here: the first such
 * switch of a process costs milliseconds, and the first commit falls into the start.
 */
sealed interface Entry {
  byte VALUE = 1;
  byte CHILD = 2;
  byte GONE_KIND = 3;

  Gone GONE = new Gone();

  /** One byte for it in a record. */
  byte kind();

  /** Size beside the key, as it counts for a transaction. */
  int size();

  /** Writes what a record holds behind kind and key. */
  void write(ByteBuffer record);

  /** Bytes, never changed once stored. */
  record Value(byte[] bytes) implements Entry {
    @Override
    public byte kind() {
      return VALUE;
    }

    @Override
    public int size() {
      return bytes.length;
    }

    @Override
    public void write(ByteBuffer record) {
      record.putInt(bytes.length).put(bytes);
    }
  }

  /** A nested bucket. */
  record Child(long id) implements Entry {
    @Override
    public byte kind() {
      return CHILD;
    }

    @Override
    public int size() {
      return Long.BYTES;
    }

    @Override
    public void write(ByteBuffer record) {
      record.putLong(id);
    }
  }

  /** Nothing, whatever the checkpoint holds. */
  record Gone() implements Entry {
    @Override
    public byte kind() {
      return GONE_KIND;
    }

    @Override
    public int size() {
      return 0;
    }

    @Override
    public void write(ByteBuffer record) {}
  }
}
