package com.example.aci;

import java.util.Optional;

class GzippedAciConformanceTest extends AciConformanceTest {
  @Override
  protected Optional<byte[]> archive() {
    return Optional.of(SampleAci.whole().compressed("gz"));
  }
}
