package dev.carafe.services.debug;

/** Texts are shown to people: none is longer than they read. */
final class Limits {
  private static final int LONGEST = 500;

  private Limits() {}

  static String text(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…";
  }
}
