package dev.carafe.plugin.resources.cgroup;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.regex.Pattern;

/** Names of systemd's slices: {@code a-b.slice} is {@code a.slice/a-b.slice}. */
final class Slices {
  static final String SUFFIX = ".slice";

  /** The slice of everything. */
  private static final String TOP = "-.slice";

  private static final int LONGEST = 255;

  /** What systemd lets a unit's name have, without the dash. */
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9:_.\\\\]+");

  private Slices() {}

  /** Whether it is a slice's name, with no path before it. */
  static boolean isSlice(String name) {
    if (name.equals(TOP)) {
      return true;
    }
    if (!name.endsWith(SUFFIX) || name.length() > LONGEST) {
      return false;
    }
    for (String part : name.substring(0, name.length() - SUFFIX.length()).split("-", -1)) {
      if (!PART.matcher(part).matches()) {
        return false;
      }
    }
    return true;
  }

  /** Where a slice's group is, from the top of a hierarchy. */
  static String expand(String slice) {
    if (slice.equals(TOP)) {
      return "/";
    }
    var path = new StringBuilder();
    String name = slice.substring(0, slice.length() - SUFFIX.length());
    for (int dash = name.indexOf('-'); dash >= 0; dash = name.indexOf('-', dash + 1)) {
      path.append('/').append(name, 0, dash).append(SUFFIX);
    }
    return path.append('/').append(slice).toString();
  }

  /** The slice of a path of plain names, as a kubelet translates it. */
  static String ofPath(String path) {
    var name = new StringBuilder();
    for (String part : path.split("/")) {
      if (!part.isEmpty()) {
        name.append(name.isEmpty() ? "" : "-").append(part.replace('-', '_'));
      }
    }
    String slice = name.isEmpty() ? TOP : name.append(SUFFIX).toString();
    if (!isSlice(slice)) {
      throw new InvalidArgumentException(
          "cgroup parent \"" + printable(path) + "\": cannot be the name of a slice");
    }
    return slice;
  }

  static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }
}
