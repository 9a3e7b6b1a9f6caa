package dev.carafe.bench;

import java.nio.file.Path;

/**
 * {@code CriBench SOCKET NAME DIRECTORY IMAGE}: pods and containers by the kubelet's interface,
 * figures as {@link ApiBench} prints them. All processes whose command line names DIRECTORY are the
 * daemon and its helpers.
 */
public final class CriBench {
  private CriBench() {}

  public static void main(String... arguments) throws Exception {
    Path directory = Path.of(arguments[2]);
    try (var peer = new Peer(Path.of(arguments[0]), arguments[1])) {
      PodLoad.pull(peer, arguments[3]);
      new PodLoad(peer.silent(), directory, arguments[3]).lives("warm", 5, 1);
      PodLoad load = new PodLoad(peer, directory, arguments[3]);
      load.lives("one", 30, 1);
      load.lives("eight", 80, 8);
      load.crowd(100);
    }
    System.exit(0);
  }
}
