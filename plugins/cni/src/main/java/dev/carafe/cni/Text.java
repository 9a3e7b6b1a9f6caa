package dev.carafe.cni;

/** What plugins say, fit for messages and logs. */
final class Text {
  private static final int LONGEST = 1024;

  private Text() {}

  /** One line of at most 1024 characters, without characters that control or order others. */
  static String shown(String text) {
    String line = text.strip().replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
