package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;

/** Collects the changes in a journal. */
final class Replay implements JournalReader.Sink {
  private Overlay overlay = Overlay.EMPTY;
  private long records;
  private long bytes;

  @Override
  public void commit(ByteBuffer payload, long last) {
    records++;
    bytes += payload.remaining();
    overlay = Changes.apply(payload, last, overlay);
  }

  Overlay overlay() {
    return overlay;
  }

  long records() {
    return records;
  }

  long bytes() {
    return bytes;
  }
}
