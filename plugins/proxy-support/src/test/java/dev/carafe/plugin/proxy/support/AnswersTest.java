package dev.carafe.plugin.proxy.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import dev.carafe.api.types.Mount;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.plugins.ProxyPeer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AnswersTest {
  private final Peer peer =
      Peer.open(
          new ProxyPeer("p", "p", Path.of("/nowhere"), Path.of("/nowhere"), Set.of(), "", ""));
  private final Answers answers = new Answers(peer);

  @AfterEach
  void close() {
    peer.close();
  }

  private void assertNonsense(Mount.Builder mount) {
    DataLossException refused =
        assertThrows(DataLossException.class, () -> answers.mounts(List.of(mount.build())));
    assertTrue(
        refused.getMessage().startsWith("proxy plugin p at /nowhere: answers with a mount"),
        refused::getMessage);
  }

  private static Mount.Builder bind() {
    return Mount.newBuilder().setType("bind").setSource("/a").addOptions("rbind");
  }

  @Test
  void mountsAreTakenAsTheyAre() {
    assertEquals(
        List.of(
            new dev.carafe.spi.mounts.Mount("bind", "/a", "", List.of("rbind")),
            new dev.carafe.spi.mounts.Mount("fuse.nydus-overlayfs", "overlay", "d", List.of())),
        answers.mounts(
            List.of(
                bind().build(),
                Mount.newBuilder()
                    .setType("fuse.nydus-overlayfs")
                    .setSource("overlay")
                    .setTarget("d")
                    .build())));
  }

  @Test
  void mountsThatCannotBeAreRefused() {
    assertNonsense(bind().setType(""));
    assertNonsense(bind().setType("over lay"));
    assertNonsense(bind().setType("x".repeat(65)));
    assertNonsense(bind().setSource("/a\0/b"));
    assertNonsense(bind().setSource("x".repeat(4097)));
    assertNonsense(bind().setTarget("a/../../b"));
    assertNonsense(bind().addOptions("a\nb"));
    assertNonsense(bind().addOptions("x".repeat((64 << 10) + 1)));
    assertNonsense(bind().addAllOptions(Collections.nCopies(600, "ro")));
    assertThrows(
        DataLossException.class, () -> answers.mounts(Collections.nCopies(65, bind().build())));
  }

  @Test
  void numbersTimesAndDigestsAreChecked() {
    assertThrows(DataLossException.class, () -> answers.count("a size of", -1));
    assertThrows(
        DataLossException.class,
        () -> answers.instant(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE).build()));
    assertThrows(DataLossException.class, () -> answers.digest("sha256:short"));
  }
}
