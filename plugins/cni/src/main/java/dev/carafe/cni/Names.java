package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.net.InetAddress;
import java.util.regex.Pattern;

/** What may be a name, before it becomes part of a path, an environment or a command. */
final class Names {
  /** Of containers and networks, by the specification. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.\\-]{0,127}");

  /** Of programs: plain file names. */
  private static final Pattern PROGRAM = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+@\\-]{0,127}");

  private Names() {}

  static void requireId(String id) {
    if (!NAME.matcher(id).matches()) {
      throw new InvalidArgumentException(
          "pod id \"" + Text.shown(id) + "\" is not 1 to 128 letters, digits, _ . -");
    }
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Nothing that leads out of a directory (CVE-2021-20206). */
  static boolean isProgram(String name) {
    return PROGRAM.matcher(name).matches();
  }

  /** An address in numbers; never asks a name server. */
  static InetAddress requireAddress(String address) {
    try {
      return InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("\"" + Text.shown(address) + "\" is no IP address", e);
    }
  }

  /** An address and the length of its prefix; returns it as it is. */
  static String requireCidr(String cidr) {
    int slash = cidr.indexOf('/');
    int length = slash < 0 ? -1 : prefix(cidr.substring(slash + 1));
    if (length < 0 || length > 8 * requireAddress(cidr.substring(0, slash)).getAddress().length) {
      throw new InvalidArgumentException(
          "\"" + Text.shown(cidr) + "\" is no address with the length of its prefix");
    }
    return cidr;
  }

  private static int prefix(String digits) {
    return digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
  }
}
