package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class OomScoreTest {
  private static final String ALL = "         0          0 4294967295\n";
  private static final String CAPABLE = "Name:\tx\nCapEff:\t000001ffffffffff\n";
  private static final String INCAPABLE = "Name:\tx\nCapEff:\t000001fffeffffff\n";

  @Test
  void withTheCapabilityEverythingIsAllowed() {
    assertEquals(-1000, OomScore.floor(CAPABLE, ALL, "0\n"));
  }

  @Test
  void withoutItTheDaemonsOwnIsTheLeast() {
    assertEquals(-500, OomScore.floor(INCAPABLE, ALL, "-500\n"));
  }

  @Test
  void theCapabilityCountsOnlyInTheFirstUserNamespace() {
    assertEquals(7, OomScore.floor(CAPABLE, "0 100000 65536\n", "7\n"));
  }
}
