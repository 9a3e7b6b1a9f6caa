package dev.carafe.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which ids outside of a user namespace those inside stand for (user_namespaces(7)).
 *
 * @param uids of users
 * @param gids of groups
 */
public record IdMapping(List<Range> uids, List<Range> gids) {
  /** What the kernel takes at most (Linux 4.15). */
  private static final int MOST = 340;

  private static final long IDS = 0xffff_ffffL;

  public IdMapping {
    uids = checked("users", uids);
    gids = checked("groups", gids);
  }

  /**
   * {@code size} ids in a row.
   *
   * @param inside the first one inside
   * @param outside the first one outside
   */
  public record Range(long inside, long outside, long size) {
    public Range {
      if (inside < 0 || outside < 0 || size < 1 || size > IDS - Math.max(inside, outside)) {
        throw new IllegalArgumentException(
            "mapping of ids "
                + inside
                + ":"
                + outside
                + ":"
                + size
                + ": not a range of 32 bit ids");
      }
    }

    private boolean overlaps(Range other) {
      return inside < other.inside + other.size && other.inside < inside + size
          || outside < other.outside + other.size && other.outside < outside + size;
    }

    @Override
    public String toString() {
      return inside + ":" + outside + ":" + size;
    }
  }

  private static List<Range> checked(String what, List<Range> ranges) {
    if (ranges.isEmpty() || ranges.size() > MOST) {
      throw new IllegalArgumentException(
          "mapping of " + what + ": " + ranges.size() + " ranges; 1 to " + MOST + " can be had");
    }
    for (int i = 0; i < ranges.size(); i++) {
      for (Range other : ranges.subList(0, i)) {
        if (ranges.get(i).overlaps(other)) {
          throw new IllegalArgumentException(
              "mapping of " + what + ": " + other + " and " + ranges.get(i) + " overlap");
        }
      }
    }
    return List.copyOf(ranges);
  }

  /**
   * From the notation of containerd's snapshot labels and mount options: {@code
   * INSIDE:OUTSIDE:SIZE}, several with commas.
   *
   * @throws IllegalArgumentException if it is not that
   */
  public static IdMapping parse(String uids, String gids) {
    return new IdMapping(ranges(uids), ranges(gids));
  }

  private static List<Range> ranges(String text) {
    List<Range> ranges = new ArrayList<>();
    for (String range : text.split(",", MOST + 1)) {
      String[] numbers = range.split(":", -1);
      if (numbers.length != 3) {
        throw new IllegalArgumentException("mapping of ids \"" + range + "\": not three numbers");
      }
      ranges.add(new Range(number(numbers[0]), number(numbers[1]), number(numbers[2])));
    }
    return ranges;
  }

  private static long number(String text) {
    if (!text.matches("[0-9]{1,10}")) {
      throw new IllegalArgumentException("mapping of ids: a part is not a number");
    }
    return Long.parseLong(text);
  }

  /** Users in the notation of {@link #parse}. */
  public String uidText() {
    return text(uids);
  }

  /** Groups in the notation of {@link #parse}. */
  public String gidText() {
    return text(gids);
  }

  private static String text(List<Range> ranges) {
    return ranges.stream().map(Range::toString).collect(Collectors.joining(","));
  }

  /**
   * The user outside that {@code inside} stands for.
   *
   * @throws IllegalArgumentException if there is none
   */
  public long uid(long inside) {
    return outside("user", uids, inside);
  }

  /**
   * The group outside that {@code inside} stands for.
   *
   * @throws IllegalArgumentException if there is none
   */
  public long gid(long inside) {
    return outside("group", gids, inside);
  }

  private static long outside(String what, List<Range> ranges, long id) {
    for (Range range : ranges) {
      if (id >= range.inside && id - range.inside < range.size) {
        return range.outside + (id - range.inside);
      }
    }
    throw new IllegalArgumentException(what + " " + id + ": not in the mapping " + text(ranges));
  }
}
