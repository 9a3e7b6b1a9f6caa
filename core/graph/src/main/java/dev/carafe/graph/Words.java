package dev.carafe.graph;

/** Text from elsewhere, made fit for a picture. */
final class Words {
  /** Longest text that is written anywhere. */
  private static final int LONGEST = 2000;

  private Words() {}

  /** For text and attributes of XML: escaped, bounded, without what XML cannot say. */
  static String xml(String text) {
    String bounded = shortened(text, LONGEST);
    StringBuilder escaped = new StringBuilder(bounded.length() + 16);
    bounded
        .codePoints()
        .forEach(c -> {
          switch (c) {
            case '&' -> escaped.append("&amp;");
            case '<' -> escaped.append("&lt;");
            case '>' -> escaped.append("&gt;");
            case '"' -> escaped.append("&quot;");
            case '\'' -> escaped.append("&#39;");
            case '\n' -> escaped.append("&#10;");
            default -> escaped.appendCodePoint(isPlain(c) ? c : 0xfffd);
          }
        });
    return escaped.toString();
  }

  /** A quoted string of DOT; a line break is kept as one. */
  static String dot(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    shortened(text, LONGEST)
        .codePoints()
        .forEach(c -> {
          switch (c) {
            case '"' -> quoted.append("\\\"");
            case '\\' -> quoted.append("\\\\");
            case '\n' -> quoted.append("\\n");
            default -> quoted.appendCodePoint(isPlain(c) ? c : 0xfffd);
          }
        });
    return quoted.append('"').toString();
  }

  /** At most so many characters, the last one then an ellipsis. */
  static String shortened(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = longest - 1;
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end) + "…";
  }

  /** What XML 1.0 can say, and does not turn the direction of what comes after. */
  private static boolean isPlain(int c) {
    boolean control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    boolean turning = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return !control && !turning && !(c >= 0xd800 && c <= 0xdfff) && c != 0xfffe && c != 0xffff;
  }
}
