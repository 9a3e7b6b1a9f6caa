package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A file as a block device (loop(4)). Attached and set up by one call (Linux 5.8), so that nobody
 * ever sees it half made. All methods throw {@link ErrnoException}.
 *
 * @param path of the device
 * @param fd keeps it attached where it was to end with its last user
 */
public record LoopDevice(Path path, Fd fd) implements AutoCloseable {
  private static final Path CONTROL = Path.of("/dev/loop-control");
  private static final long GET_FREE = 0x4c82;
  private static final long CONFIGURE = 0x4c0a;
  private static final long GET_STATUS = 0x4c05;
  private static final long CLEAR = 0x4c01;

  // struct loop_config and the struct loop_info64 in it (linux/loop.h).
  private static final int CONFIG_SIZE = 304;
  private static final int INFO = 8;
  private static final int INFO_SIZE = 232;
  private static final int FLAGS = 52;
  private static final int NAME = 56;
  private static final int NAME_SIZE = 64;

  private static final int READ_ONLY = 1;
  private static final int AUTOCLEAR = 4;

  /** How often somebody else may be quicker to take a free device. */
  private static final int TRIES = 64;

  /**
   * Attaches a file to a device that ends with its last user: with this object, unless it is
   * mounted by then, and else with the mount.
   */
  public static LoopDevice temporary(Path file, boolean readOnly) {
    return attach(file, readOnly, AUTOCLEAR, "", device -> {});
  }

  /**
   * Attaches a file to a device that stays until {@link #detach}.
   *
   * @param tag whose it is: at most 63 bytes
   * @param chosen is told the device's path before the file is attached, each time that another
   *     device is tried
   */
  public static LoopDevice lasting(Path file, boolean readOnly, String tag, Consumer<Path> chosen) {
    return attach(file, readOnly, 0, tag, chosen);
  }

  private static LoopDevice attach(
      Path file, boolean readOnly, int flags, String tag, Consumer<Path> chosen) {
    int mode = readOnly ? OpenFlags.RDONLY : OpenFlags.RDWR;
    try (Fd backing = PathCalls.open(file, mode, 0);
        Fd control = PathCalls.open(CONTROL, OpenFlags.RDWR, 0)) {
      if (!FileCalls.fstat(backing).isRegular()) {
        throw new ErrnoException("loop device", Errno.EINVAL, file + " is no file");
      }
      for (int i = 0; ; i++) {
        Path device = Path.of("/dev/loop" + free(control));
        chosen.accept(device);
        Fd fd = PathCalls.open(device, mode, 0);
        boolean done = false;
        try {
          configure(fd, backing, flags | (readOnly ? READ_ONLY : 0), tag);
          done = true;
          return new LoopDevice(device, fd);
        } catch (ErrnoException e) {
          if (!e.is(Errno.EBUSY) || i == TRIES) {
            throw e;
          }
        } finally {
          if (!done) {
            fd.close();
          }
        }
      }
    }
  }

  private static int free(Fd control) {
    try (Scratch s = Scratch.take()) {
      int number = Calls.IOCTL.call(s, control.number(), GET_FREE, 0);
      return check(number, s, "LOOP_CTL_GET_FREE", control);
    }
  }

  private static void configure(Fd device, Fd backing, int flags, String tag) {
    byte[] name = tag.getBytes(StandardCharsets.UTF_8);
    if (name.length >= NAME_SIZE) {
      throw new IllegalArgumentException("tag \"" + tag + "\" is too long");
    }
    try (Scratch s = Scratch.take()) {
      MemorySegment config = s.zeroed(CONFIG_SIZE);
      config.set(JAVA_INT, 0, backing.number());
      config.set(JAVA_INT, INFO + FLAGS, flags);
      MemorySegment.copy(MemorySegment.ofArray(name), 0, config, INFO + NAME, name.length);
      int result = Calls.IOCTL.call(s, device.number(), CONFIGURE, config.address());
      check(result, s, "LOOP_CONFIGURE", device);
    }
  }

  /**
   * Ends a {@link #lasting} device; one that is mounted ends with the mount.
   *
   * @return whether it was attached under this tag
   */
  public static boolean detach(Path device, String tag) {
    if (!isAttached(device, tag)) {
      return false;
    }
    try (Fd fd = PathCalls.open(device, OpenFlags.RDONLY, 0);
        Scratch s = Scratch.take()) {
      check(Calls.IOCTL.call(s, fd.number(), CLEAR, 0), s, "LOOP_CLR_FD", fd);
      return true;
    }
  }

  /** Whether a device is attached under this tag. */
  public static boolean isAttached(Path device, String tag) {
    byte[] name = tag.getBytes(StandardCharsets.UTF_8);
    try (Fd fd = PathCalls.open(device, OpenFlags.RDONLY, 0);
        Scratch s = Scratch.take()) {
      MemorySegment info = s.zeroed(INFO_SIZE);
      check(Calls.IOCTL.call(s, fd.number(), GET_STATUS, info.address()), s, "GET_STATUS", fd);
      MemorySegment found = info.asSlice(NAME, name.length + 1L);
      return found.asSlice(0, name.length).mismatch(MemorySegment.ofArray(name)) < 0
          && found.get(java.lang.foreign.ValueLayout.JAVA_BYTE, name.length) == 0;
    } catch (ErrnoException e) {
      if (e.is(Errno.ENXIO) || e.is(Errno.ENOENT) || e.is(Errno.ENOTTY)) {
        return false;
      }
      throw e;
    }
  }

  private static int check(int result, Scratch s, String call, Fd fd) {
    if (result < 0) {
      throw new ErrnoException("ioctl " + call, s.errno(), fd);
    }
    return result;
  }

  @Override
  public void close() {
    fd.close();
  }

  private static final class Calls {
    static final NativeCall IOCTL = NativeCall.of("ioctl");
  }
}
