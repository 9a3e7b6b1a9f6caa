package dev.carafe.metadata.mapdb;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** Collects the changes in a journal. */
final class Replay implements JournalReader.Sink {
  private final TreeMap<byte[], Overlay.Node> latest = new TreeMap<>(Arrays::compareUnsigned);
  private long records;
  private long bytes;

  @Override
  public void commit(ByteBuffer payload, long last) {
    records++;
    bytes += payload.remaining();
    Changes.decode(
        payload, (flat, entry) -> latest.put(flat, Overlay.Node.of(flat, entry, last, null, null)));
  }

  Overlay overlay() {
    return Overlay.of(List.copyOf(latest.values()));
  }

  long records() {
    return records;
  }

  long bytes() {
    return bytes;
  }
}
