package dev.carafe.oci;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Who a container's process runs as. Numbers are read strictly: out of range is an error and never
 * a name to look up (CVE-2024-40635, CVE-2026-46680). The supplementary groups include the primary
 * one (CVE-2023-25173).
 */
public record ContainerUser(long uid, long gid, List<Long> additionalGids) {
  public static final ContainerUser ROOT = new ContainerUser(0, 0, List.of(0L));
  private static final long MAX_ID = Integer.MAX_VALUE;

  public ContainerUser {
    additionalGids = List.copyOf(additionalGids);
  }

  /** Where user and group files come from; asked only for what is not a number. */
  public interface Files {
    /** Lines of {@code /etc/passwd}; empty if there is none. */
    Iterable<String> passwd();

    /** Lines of {@code /etc/group}; empty if there is none. */
    Iterable<String> group();
  }

  /**
   * Resolves {@code USER[:GROUP]} as an image or a person wrote it.
   *
   * @throws InvalidArgumentException if a number is out of range or a name not well-formed
   * @throws NotFoundException if a name is not in the container's files
   */
  public static ContainerUser resolve(String text, Files files) {
    if (text.isEmpty()) {
      return withGroups(0, 0, "root", files);
    }
    if (text.length() > 256 || text.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      throw new InvalidArgumentException("user: too long, or with control characters");
    }
    String[] parts = text.split(":", -1);
    if (parts.length > 2 || parts[0].isEmpty()) {
      throw new InvalidArgumentException("user \"" + text + "\" is not of the form USER[:GROUP]");
    }
    if (parts.length == 2 && isNumber(parts[0]) && isNumber(parts[1])) {
      long gid = id("group", parts[1]);
      return new ContainerUser(id("user", parts[0]), gid, List.of(gid));
    }
    String[] entry = passwdEntry(parts[0], files);
    long uid = id("user", isNumber(parts[0]) ? parts[0] : field(entry, 2, parts[0]));
    if (parts.length == 2) {
      long gid = isNumber(parts[1]) ? id("group", parts[1]) : group(parts[1], files);
      return new ContainerUser(uid, gid, List.of(gid));
    }
    long gid = entry.length > 3 && isNumber(entry[3]) ? id("group", entry[3]) : 0;
    return withGroups(uid, gid, entry.length > 0 ? entry[0] : "", files);
  }

  /** The {@code user} object of a specification. */
  public Map<String, Object> json() {
    Map<String, Object> user = new LinkedHashMap<>();
    user.put("uid", uid);
    user.put("gid", gid);
    user.put("additionalGids", additionalGids);
    return user;
  }

  private static ContainerUser withGroups(long uid, long gid, String name, Files files) {
    TreeSet<Long> groups = new TreeSet<>();
    groups.add(gid);
    if (!name.isEmpty()) {
      for (String line : files.group()) {
        String[] fields = line.split(":", 5);
        // Not taken apart: a line may be as long as the file.
        boolean member = fields.length > 3 && ("," + fields[3] + ",").contains("," + name + ",");
        if (member && isNumber(fields[2])) {
          groups.add(id("group", fields[2]));
        }
      }
    }
    return new ContainerUser(uid, gid, List.copyOf(groups));
  }

  /** The entry of a name or number, or an empty array. */
  private static String[] passwdEntry(String user, Files files) {
    boolean number = isNumber(user);
    long wanted = number ? id("user", user) : -1;
    for (String line : files.passwd()) {
      String[] fields = line.split(":", 5);
      if (fields.length > 3) {
        boolean found =
            number
                ? isNumber(fields[2])
                    && fields[2].length() <= 18
                    && Long.parseLong(fields[2]) == wanted
                : fields[0].equals(user);
        if (found) {
          return fields;
        }
      }
    }
    return new String[0];
  }

  private static String field(String[] entry, int index, String user) {
    if (entry.length <= index) {
      throw new NotFoundException(
          "user \"" + user + "\": not found in the container's /etc/passwd");
    }
    return entry[index];
  }

  private static long group(String name, Files files) {
    for (String line : files.group()) {
      String[] fields = line.split(":", 4);
      if (fields.length > 2 && fields[0].equals(name)) {
        return id("group", fields[2]);
      }
    }
    throw new NotFoundException("group \"" + name + "\": not found in the container's /etc/group");
  }

  private static boolean isNumber(String text) {
    int from = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    return text.length() > from && text.chars().skip(from).allMatch(c -> c >= '0' && c <= '9');
  }

  /** Out of range is an error, whatever a longer or shorter integer type would make of it. */
  private static long id(String what, String text) {
    String limits = " is not between 0 and " + MAX_ID;
    try {
      long id = Long.parseLong(text);
      if (id >= 0 && id <= MAX_ID) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw new InvalidArgumentException(what + " \"" + text + "\"" + limits, e);
    }
    throw new InvalidArgumentException(what + " \"" + text + "\"" + limits);
  }
}
