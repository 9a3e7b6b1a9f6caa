package dev.carafe.engine.stores;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelsTest {
  @ParameterizedTest
  @CsvSource({
    "docker.io, docker.io",
    "127.0.0.1:5000, 127.0.0.1",
    "registry.example:443, registry.example",
    "[::1]:5000, ::1",
    "[::1], ::1"
  })
  void sourceOfABlobIsNamedByTheHostWithoutItsPort(String host, String named) {
    assertEquals("containerd.io/distribution.source." + named, Labels.distributionSource(host));
  }
}
