package dev.carafe.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Writes blobs in chunks of a MiB and reads them back, one after the other. */
final class ContentLoad {
  private static final int MIB = 1 << 20;

  private final Peer peer;
  private final int size;
  private final int count;

  ContentLoad(Peer peer, int mebibytes, int count) {
    this.peer = peer;
    this.size = mebibytes * MIB;
    this.count = count;
  }

  void run() throws Exception {
    var blobs = new Blobs(peer.fresh("content"));
    var random = new Random(size);
    List<byte[]> bytes = new ArrayList<>();
    List<String> digests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      var blob = new byte[size];
      random.nextBytes(blob);
      bytes.add(blob);
    }
    Map<String, String> kept = Map.of("containerd.io/gc.root", "load");
    peer.measure(
        "content-write",
        () -> {
          for (byte[] blob : bytes) {
            digests.add(blobs.write(blob, kept));
          }
        });
    peer.measure(
        "content-read",
        () -> {
          for (String digest : digests) {
            if (blobs.read(digest) != size) {
              throw new IllegalStateException(digest + " is cut off");
            }
          }
        });
  }
}
