package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** SIGKILL in the middle of pulls. */
@ExtendWith(LeakCheck.class)
class PullCrashIT {
  private static final int ROUNDS = 20;
  private static final long SEED = 20;
  private static final int SIZE = 96 << 10;

  /** Eight layers, the last on one that must be applied on its parent. */
  private static ImageStock.Stocked image(int number) {
    return ImageStock.pushed(
        "crash" + number,
        () -> {
          List<Layer> layers =
              new java.util.ArrayList<>(ImageStock.randomLayers(7, SIZE, 1000 + number));
          layers.add(
              Layer.of(
                  Entry.file("/data/added", "to a directory of a layer below"),
                  Entry.whiteout("/data/layer0")));
          return TestImage.of(layers);
        });
  }

  @Test
  void pullSucceedsAfterTheDaemonWasKilledInIt(Lab lab) {
    Random random = new Random(SEED);
    RegistryProxy proxy = lab.closeLater(RegistryProxy.start());
    ImageStock.Stocked image = image(0);
    long all = image.image().layers().stream().mapToLong(layer -> layer.blob().length).sum();
    TestDaemon daemon = lab.daemon();
    int interrupted = 0;
    for (int round = 0; round < ROUNDS; round++) {
      proxy.bytesPerSecond(2 << 20);
      // By bytes that have passed, not by time: so that the points are spread over the pull on any
      // machine.
      long point = proxy.blobBytes() + (long) (all * Math.min(1, random.nextDouble() * 1.3));
      try (Program.Running pull =
          daemon.carafe().program("pull", "--quiet", proxy.name(image)).start()) {
        Await.until(
            "bytes or the end", () -> proxy.blobBytes() >= point || !pull.process().isAlive());
        daemon.kill();
        if (pull.await(Duration.ofSeconds(10)).code() != 0) {
          interrupted++;
        }
      }
      daemon.start();
      if (round % 2 == 0) {
        // What the killed pull left is of use to the next one, does not disturb it, and is not
        // kept.
        proxy.bytesPerSecond(Long.MAX_VALUE);
        daemon.carafe().ok("pull", "--quiet", proxy.name(image));
        daemon.carafe().ok("gc");
        StoreFiles.assertOnly(daemon, image);
        image
            .image()
            .files()
            .assertSameAs(
                MountedTree.of(
                    lab, daemon.carafe(), "overlayfs", image.image().chainIds().getLast()));
        daemon.carafe().ok("images", "rm", "--sync", proxy.name(image));
        StoreFiles.assertEmpty(daemon);
      } else if (!daemon.carafe().lines("images", "ls", "-q").isEmpty()) {
        daemon.carafe().ok("images", "rm", proxy.name(image));
      }
    }
    assertTrue(interrupted > ROUNDS / 2, "only " + interrupted + " pulls were interrupted");
  }

  @Test
  void collectionThatIsKilledIsFinishedByTheNext(Lab lab) {
    ImageStock.Stocked image = image(1);
    TestDaemon daemon = lab.newDaemon();
    for (int round = 0; round < 5; round++) {
      daemon.start();
      daemon.carafe().ok("pull", "--quiet", image.name());
      try (Program.Running removal =
          daemon.carafe().program("images", "rm", "--sync", image.name()).start()) {
        int seen = round;
        Await.until(
            "the removal is under way",
            () ->
                !removal.process().isAlive()
                    || seen == 0
                    || daemon.carafe().lines("snapshots", "ls", "-q").size() < 8);
        daemon.kill();
      }
      daemon.start();
      List<String> left = daemon.carafe().lines("images", "ls", "-q");
      if (!left.isEmpty()) {
        assertEquals(List.of(image.name()), left);
        daemon.carafe().ok("images", "rm", image.name());
      }
      daemon.carafe().ok("gc");
      StoreFiles.assertEmpty(daemon);
      daemon.stop();
    }
  }
}
