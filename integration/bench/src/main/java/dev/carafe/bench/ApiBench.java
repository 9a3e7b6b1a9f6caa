package dev.carafe.bench;

import java.nio.file.Path;

/**
 * {@code ApiBench SOCKET NAME}: prints {@code FIGURE NAME MILLISECONDS} for each figure. The system
 * properties {@code records} (10,000) and {@code objects} (100,000) say how much there is.
 */
public final class ApiBench {
  private ApiBench() {}

  public static void main(String... arguments) throws Exception {
    int records = Integer.getInteger("records", 10_000);
    int objects = Integer.getInteger("objects", 100_000);
    try (var peer = new Peer(Path.of(arguments[0]), arguments[1])) {
      // Once small: a daemon that has just started is another figure.
      new MetadataLoad(peer.silent(), 200).run();
      new EventLoad(peer.silent(), 10, 100).run();
      new ContentLoad(peer.silent(), 8, 1).run();
      new SnapshotLoad(peer.silent(), 20).run();

      new EventLoad(peer, 100, 1000).run();
      new ContentLoad(peer, 64, 4).run();
      new SnapshotLoad(peer, 500).run();
      new MetadataLoad(peer, records).run();
      new CollectionLoad(peer, objects).run();
    }
    System.exit(0);
  }
}
