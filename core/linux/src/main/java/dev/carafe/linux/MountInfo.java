package dev.carafe.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * One line of {@code /proc/self/mountinfo} (proc_pid_mountinfo(5)), escapes undone.
 *
 * @param root the directory of the file system that is mounted here
 * @param mountPoint seen from this process's root
 * @param options per mount, comma separated
 * @param tags propagation: {@code shared:N}, {@code master:N}, {@code propagate_from:N}, {@code
 *     unbindable}
 * @param superOptions per file system, comma separated
 */
public record MountInfo(
    int id,
    int parentId,
    int major,
    int minor,
    RawPath root,
    RawPath mountPoint,
    String options,
    List<String> tags,
    String type,
    RawPath source,
    String superOptions) {

  private static final RawPath FILE = RawPath.of("/proc/thread-self/mountinfo");
  private static final int MAX_LINE = 1 << 20;

  /** Twice the kernel's default for {@code fs.mount-max}. */
  private static final int MAX_MOUNTS = 200_000;

  public MountInfo {
    tags = List.copyOf(tags);
  }

  /** Every mount of the calling thread's namespace, in the kernel's order: parents first. */
  public static List<MountInfo> list() {
    var mounts = new ArrayList<MountInfo>();
    forEach(mounts::add);
    return mounts;
  }

  /** The mounts at {@code path} or below it, which is taken as it is: absolute, without links. */
  public static List<MountInfo> atOrBelow(RawPath path) {
    var mounts = new ArrayList<MountInfo>();
    forEach(mount -> {
      if (mount.mountPoint().isAtOrBelow(path)) {
        mounts.add(mount);
      }
    });
    return mounts;
  }

  /**
   * Passes every mount to {@code visitor}, without holding all of them.
   *
   * @throws IllegalStateException if there are more than 200,000, or a line above 1 MiB
   */
  public static void forEach(Consumer<MountInfo> visitor) {
    try (Fd file = PathCalls.openat(Fd.CWD, FILE, OpenFlags.RDONLY, 0)) {
      byte[] buffer = new byte[IoBuffer.SIZE];
      int length = 0;
      int mounts = 0;
      while (true) {
        int count = FileIo.read(file, buffer, length, buffer.length - length);
        if (count == 0) {
          return;
        }
        length += count;
        int start = 0;
        for (int end = newline(buffer, start, length);
            end >= 0;
            end = newline(buffer, start, length)) {
          if (++mounts > MAX_MOUNTS) {
            throw new IllegalStateException("mountinfo: more than " + MAX_MOUNTS + " mounts");
          }
          visitor.accept(parse(buffer, start, end));
          start = end + 1;
        }
        length -= start;
        System.arraycopy(buffer, start, buffer, 0, length);
        if (length == buffer.length) {
          if (length >= MAX_LINE) {
            throw new IllegalStateException("mountinfo: a line above " + MAX_LINE + " bytes");
          }
          buffer = Arrays.copyOf(buffer, length * 2);
        }
      }
    }
  }

  private static int newline(byte[] buffer, int from, int to) {
    for (int i = from; i < to; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  static MountInfo parse(byte[] buffer, int start, int end) {
    List<byte[]> fields = fields(buffer, start, end);
    int dash = 6;
    while (dash < fields.size() && !(fields.get(dash).length == 1 && fields.get(dash)[0] == '-')) {
      dash++;
    }
    if (dash + 3 > fields.size()) {
      throw new IllegalStateException(
          "mountinfo: not a mount: "
              + new String(buffer, start, end - start, StandardCharsets.UTF_8));
    }
    String[] device = text(fields.get(2)).split(":", 2);
    return new MountInfo(
        Integer.parseInt(text(fields.get(0))),
        Integer.parseInt(text(fields.get(1))),
        Integer.parseInt(device[0]),
        Integer.parseInt(device[1]),
        RawPath.wrap(fields.get(3)),
        RawPath.wrap(fields.get(4)),
        text(fields.get(5)),
        fields.subList(6, dash).stream().map(MountInfo::text).toList(),
        text(fields.get(dash + 1)),
        RawPath.wrap(fields.get(dash + 2)),
        dash + 3 < fields.size() ? text(fields.get(dash + 3)) : "");
  }

  private static List<byte[]> fields(byte[] buffer, int start, int end) {
    var fields = new ArrayList<byte[]>(12);
    int from = start;
    for (int i = start; i <= end; i++) {
      if (i == end || buffer[i] == ' ') {
        fields.add(unescape(buffer, from, i));
        from = i + 1;
      }
    }
    return fields;
  }

  /**
   * Space, tab, newline, backslash and number sign arrive as a backslash and three octal digits.
   */
  private static byte[] unescape(byte[] buffer, int from, int to) {
    byte[] plain = new byte[to - from];
    int length = 0;
    for (int i = from; i < to; i++) {
      if (buffer[i] == '\\' && i + 3 < to) {
        plain[length++] =
            (byte)
                ((buffer[i + 1] - '0') << 6 | (buffer[i + 2] - '0') << 3 | (buffer[i + 3] - '0'));
        i += 3;
      } else {
        plain[length++] = buffer[i];
      }
    }
    return length == plain.length ? plain : Arrays.copyOf(plain, length);
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.UTF_8);
  }

  /** Whether {@code option}, such as {@code ro}, is among the mount's own options. */
  public boolean hasOption(String option) {
    return Arrays.asList(options.split(",")).contains(option);
  }
}
