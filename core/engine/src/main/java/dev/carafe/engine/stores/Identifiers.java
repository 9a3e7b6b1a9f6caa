package dev.carafe.engine.stores;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.regex.Pattern;

/** The rule for names of namespaces, containers, leases, execs and topic components. */
public final class Identifiers {
  public static final int MAX_LENGTH = 76;
  private static final Pattern IDENTIFIER =
      Pattern.compile("[A-Za-z0-9]++(?:[._-](?:[A-Za-z0-9]++))*+");

  private Identifiers() {}

  /**
   * Returns {@code value} if it is an identifier of at most 76 characters.
   *
   * @param what named in the message
   * @throws InvalidArgumentException otherwise
   */
  public static String check(String what, String value) {
    if (value.isEmpty()) {
      throw new InvalidArgumentException(what + " must not be empty");
    }
    if (value.length() > MAX_LENGTH) {
      throw new InvalidArgumentException(
          what + " \"" + value.substring(0, MAX_LENGTH) + "...\" is longer than 76 characters");
    }
    if (!IDENTIFIER.matcher(value).matches()) {
      throw new InvalidArgumentException(
          what + " \"" + value.replaceAll("\\p{Cntrl}", "?") + "\" must match " + IDENTIFIER);
    }
    return value;
  }
}
