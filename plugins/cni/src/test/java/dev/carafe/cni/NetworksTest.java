package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.oci.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class NetworksTest {
  private static final List<Network> ONE =
      List.of(
          Network.of(
              Json.object("x", FakePlugins.LIST.getBytes(StandardCharsets.UTF_8)), "/x.conflist"));

  private long seconds;
  private final Networks networks =
      new Networks(
          new CniConfig.Directory(Path.of("/conf"), 1),
          Duration.ofSeconds(20),
          () -> Duration.ofSeconds(seconds).toNanos());

  private void seen(long second, String problem) {
    seconds = second;
    networks.observe(problem.equals("gone") ? List.of() : ONE, "load", problem);
  }

  @Test
  void aFailureCountsWhenItHasLastedForTheGracePeriod() {
    seen(0, "");
    seen(10, "bad");
    seen(29, "bad");
    assertTrue(networks.status().ready());
    assertFalse(networks.isSettled());
    seen(30, "bad");
    assertFalse(networks.status().ready());
    assertEquals("Network plugin returns error: bad", networks.status().message());
    seen(31, "bad");
    assertFalse(networks.status().ready());
    seen(32, "");
    assertTrue(networks.status().ready());
  }

  @Test
  void oneSuccessEndsTheCount() {
    seen(0, "");
    seen(10, "bad");
    seen(25, "");
    seen(31, "bad");
    seen(50, "bad");
    assertTrue(networks.status().ready());
    seen(51, "bad");
    assertFalse(networks.status().ready());
  }

  @Test
  void whatWasNeverReadyHasNoGrace() {
    seen(0, "bad");
    assertFalse(networks.status().ready());
    assertEquals(ONE, networks.now());
  }

  @Test
  void aConfigurationThatIsGoneIsKeptForTheGracePeriod() {
    seen(0, "");
    seen(10, "gone");
    assertEquals(ONE, networks.now());
    seen(30, "gone");
    assertEquals(List.of(), networks.now());
  }
}
