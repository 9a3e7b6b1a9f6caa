package dev.carafe.plugin.source.registry;

import java.net.URI;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes foreign text fit for messages and logs: short, printable, without secrets. */
final class Redaction {
  private static final int LIMIT = 300;
  private static final Pattern URL =
      Pattern.compile("(?i)\\b([a-z][a-z0-9+.-]{0,31}://)([^\\s\"'<>]+)");
  private static final Pattern SECRET =
      Pattern.compile("(?i)\\b(bearer|basic)\\s+[A-Za-z0-9._~+/=-]{8,}");
  private static final Pattern UNPRINTABLE =
      Pattern.compile("[\\s\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]+");

  private Redaction() {}

  /** One printable line of at most 300 characters; URLs lose user and query values. */
  static String text(@Nullable String text) {
    if (text == null) {
      return "";
    }
    String cut = text.length() > 4 * LIMIT ? text.substring(0, 4 * LIMIT) : text;
    String line = UNPRINTABLE.matcher(cut).replaceAll(" ").strip();
    line = URL.matcher(line).replaceAll(found -> quote(found.group(1) + address(found.group(2))));
    line = SECRET.matcher(line).replaceAll("$1 [redacted]");
    return line.length() > LIMIT ? line.substring(0, LIMIT) + "..." : line;
  }

  /** Where a request went, without user, query and fragment. */
  static String uri(URI uri) {
    return text(uri.toString());
  }

  private static String address(String rest) {
    int end = rest.length();
    for (int i = 0; i < rest.length(); i++) {
      char c = rest.charAt(i);
      if (c == '?' || c == '#') {
        end = i;
        break;
      }
    }
    String query = end < rest.length() && rest.charAt(end) == '?' ? "?[redacted]" : "";
    String kept = rest.substring(0, end);
    int slash = kept.indexOf('/');
    int at = kept.lastIndexOf('@', slash < 0 ? kept.length() : slash);
    return (at < 0 ? kept : kept.substring(at + 1)) + query;
  }

  private static String quote(String replacement) {
    return java.util.regex.Matcher.quoteReplacement(replacement);
  }
}
