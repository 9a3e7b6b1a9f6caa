package dev.carafe.plugin.nri;

import java.math.BigInteger;

/** Numbers without a sign. */
final class Numbers {
  private Numbers() {}

  /** What JSON is to have: the largest limits do not fit into a long. */
  static Number unsigned(long value) {
    if (value >= 0) {
      return value;
    }
    return new BigInteger(Long.toUnsignedString(value));
  }
}
