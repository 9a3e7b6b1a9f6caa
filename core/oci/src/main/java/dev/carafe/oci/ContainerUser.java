package dev.carafe.oci;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.TreeSet;

/**
 * Who a container's process runs as. Numbers are read strictly: out of range is an error and never a name to look up (CVE-2024-40635,
 * CVE-2026-46680). The supplementary groups include the primary one (CVE-2023-25173).
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
      throw new InvalidArgumentException("user \"" + text.replaceAll("\\p{Cntrl}", "?") + "\" is not well-formed");
    }
    String[] parts = text.split(":", -1);
    if (parts.length > 2 || parts[0].isEmpty()) {
      throw new InvalidArgumentException("user \"" + text + "\" is not of the form USER[:GROUP]");
    }
    String[] entry = passwdEntry(parts[0], files);
    long uid = isNumber(parts[0]) ? id("user", parts[0]) : id("user", field(entry, 2, "user \"" + parts[0] + "\""));
    if (parts.length == 2) {
      long gid = isNumber(parts[1]) ? id("group", parts[1]) : group(parts[1], files);
      return new ContainerUser(uid, gid, List.of(gid));
    }
    long gid = entry.length > 3 && isNumber(entry[3]) ? id("group", entry[3]) : 0;
    return withGroups(uid, gid, entry.length > 0 ? entry[0] : "", files);
  }

  private static ContainerUser withGroups(long uid, long gid, String name, Files files) {
    TreeSet<Long> groups = new TreeSet<>();
    groups.add(gid);
    if (!name.isEmpty()) {
      for (String line : files.group()) {
        String[] fields = line.split(":", -1);
        if (fields.length > 3 && List.of(fields[3].split(",")).contains(name) && isNumber(fields[2])) {
          groups.add(id("group", fields[2]));
        }
      }
    }
    return new ContainerUser(uid, gid, List.copyOf(groups));
  }

  /** The entry of a name or number, or an empty array. */
  private static String[] passwdEntry(String user, Files files) {
    for (String line : files.passwd()) {
      String[] fields = line.split(":", -1);
      if (fields.length > 3 && (isNumber(user) ? fields[2].equals(user) : fields[0].equals(user))) {
        return fields;
      }
    }
    return new String[0];
  }

  private static String field(String[] entry, int index, String what) {
    if (entry.length <= index) {
      throw new NotFoundException(what + ": not found in the container's /etc/passwd");
    }
    return entry[index];
  }

  private static long group(String name, Files files) {
    for (String line : files.group()) {
      String[] fields = line.split(":", -1);
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

  private static long id(String what, String text) {
    try {
      long id = Long.parseLong(text);
      if (id >= 0 && id <= MAX_ID) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw new InvalidArgumentException(what + " \"" + text + "\" is not between 0 and " + MAX_ID, e);
    }
    throw new InvalidArgumentException(what + " \"" + text + "\" is not between 0 and " + MAX_ID);
  }
}
