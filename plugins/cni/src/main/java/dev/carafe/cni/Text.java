package dev.carafe.cni;

/** What plugins say, fit for messages and logs. */
final class Text {
  private static final int LONGEST = 1024;

  private Text() {}

  /** One line of at most 1024 characters, without control characters. */
  static String shown(String text) {
    String line = text.strip().replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
