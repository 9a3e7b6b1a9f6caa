package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

/** How a program ended. */
record Result(String command, int code, String out, String err) {
  /** Its output; it must have ended with 0. */
  String ok() {
    return code(0).out;
  }

  Result code(int expected) {
    assertEquals(expected, code, this::toString);
    return this;
  }

  /**
   * It must have failed with one line on standard error, without a stack trace. Returns that line.
   */
  String oneLineError() {
    assertNotEquals(0, code, this::toString);
    assertEquals(1, err.lines().count(), () -> "not one line: " + this);
    assertTrue(err.startsWith("carafe") && !err.contains("Exception"), this::toString);
    return err.strip();
  }

  List<String> lines() {
    return out.lines().toList();
  }

  @Override
  public String toString() {
    return command + "\nexit code " + code + "\nout: " + out + "\nerr: " + err;
  }
}
