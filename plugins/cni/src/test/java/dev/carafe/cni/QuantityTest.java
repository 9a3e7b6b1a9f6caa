package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.cni.PodNetwork.Bandwidth;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  private static final String INGRESS = "kubernetes.io/ingress-bandwidth";

  @ParameterizedTest
  @CsvSource({
    "1k,1000",
    "10M,10000000",
    "1.5G,1500000000",
    "1Ki,1024",
    "2Mi,2097152",
    "5000,5000",
    "1e6,1000000",
    "2E3,2000",
    "1P,1000000000000000",
    "1500000m,1500",
    "1000.1,1001"
  })
  void quantitiesAreBitsPerSecond(String text, long bits) {
    assertEquals(Optional.of(new Bandwidth(bits, 0, 0, 0)), Bandwidth.of(Map.of(INGRESS, text)));
  }

  @Test
  void eachDirectionIsItsOwn() {
    assertEquals(Optional.empty(), Bandwidth.of(Map.of("other", "1M")));
    assertEquals(
        Optional.of(new Bandwidth(0, 0, 1_000_000, 0)),
        Bandwidth.of(Map.of("kubernetes.io/egress-bandwidth", "1M")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fast", "-1M", "1 M", "1K", "999", "2P", "1E", "1e99", "1Mb", "0"})
  void whatIsNoneIsRefused(String text) {
    assertThrows(InvalidArgumentException.class, () -> Bandwidth.of(Map.of(INGRESS, text)));
  }
}
