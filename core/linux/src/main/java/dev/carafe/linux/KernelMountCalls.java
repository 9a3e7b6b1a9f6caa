package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

final class KernelMountCalls implements MountCalls {
  static final KernelMountCalls INSTANCE = new KernelMountCalls();

  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int CREATE = 6;
  private static final int CLOEXEC = 1;
  private static final int ATTR_SIZE = 32;
  private static final int MAX_LOG_LINES = 8;
  private static final int MAX_LOG_LINE = 512;

  private KernelMountCalls() {}

  @Override
  public void mount(
      @Nullable RawPath source,
      RawPath target,
      @Nullable String type,
      long flags,
      @Nullable RawPath data) {
    Offload.run(() -> {
      try (Scratch s = Scratch.take()) {
        int result =
            Calls.MOUNT.call(
                s,
                source == null ? 0 : s.string(source),
                s.string(target),
                s.stringOrNull(type),
                flags,
                data == null ? 0 : s.string(data));
        Calls.MOUNT.check(result, s, target);
      }
    });
  }

  @Override
  public void umount2(RawPath target, int flags) {
    Offload.run(() -> {
      try (Scratch s = Scratch.take()) {
        Calls.UMOUNT2.check(Calls.UMOUNT2.call(s, s.string(target), flags), s, target);
      }
    });
  }

  @Override
  public Fd fsopen(String type) {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.FSOPEN.call(s, s.string(type), CLOEXEC, 0, 0);
      return Fd.adopt(Calls.FSOPEN.check(fd, s, type));
    }
  }

  @Override
  public void fsconfigString(Fd filesystem, String key, RawPath value) {
    fsconfig(filesystem, SET_STRING, key, value);
  }

  @Override
  public void fsconfigFlag(Fd filesystem, String key) {
    fsconfig(filesystem, SET_FLAG, key, null);
  }

  @Override
  public void fsconfigCreate(Fd filesystem) {
    Offload.run(() -> fsconfig(filesystem, CREATE, null, null));
  }

  private static void fsconfig(
      Fd filesystem, int command, @Nullable String key, @Nullable RawPath value) {
    try (Scratch s = Scratch.take()) {
      int result =
          Calls.FSCONFIG.call(
              s,
              filesystem.number(),
              command,
              s.stringOrNull(key),
              value == null ? 0 : s.string(value),
              0);
      if (result < 0) {
        int errno = s.errno();
        String what = key == null ? "create" : value == null ? key : key + "=" + value;
        String log = log(filesystem);
        throw new ErrnoException("fsconfig", errno, what, log.isEmpty() ? null : log);
      }
    }
  }

  /** What the kernel has to say about the last failure; it arrives by read(2) on the context. */
  private static String log(Fd filesystem) {
    var log = new StringBuilder();
    byte[] line = new byte[MAX_LOG_LINE];
    try {
      for (int i = 0; i < MAX_LOG_LINES; i++) {
        int length = FileIo.read(filesystem, line, 0, line.length);
        String text = new String(line, 0, length, StandardCharsets.UTF_8).strip();
        log.append(log.isEmpty() ? "" : "; ").append(text);
      }
    } catch (ErrnoException e) {
      // ENODATA: nothing more was logged.
    }
    return log.toString();
  }

  @Override
  public Fd fsmount(Fd filesystem, long attributes) {
    return Offload.call(() -> {
      try (Scratch s = Scratch.take()) {
        int fd = Calls.FSMOUNT.call(s, filesystem.number(), CLOEXEC, attributes, 0);
        return Fd.adoptMount(Calls.FSMOUNT.check(fd, s, filesystem));
      }
    });
  }

  @Override
  public Fd openTree(Fd dir, RawPath path, int flags) {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.OPEN_TREE.call(s, dir.number(), s.string(path), flags | OpenFlags.CLOEXEC, 0);
      return Fd.adoptMount(Calls.OPEN_TREE.check(fd, s, path));
    }
  }

  @Override
  public void moveMount(Fd from, Fd dir, RawPath path, int flags) {
    Offload.run(() -> {
      try (Scratch s = Scratch.take()) {
        int result =
            Calls.MOVE_MOUNT.call(
                s,
                from.number(),
                s.string(RawPath.EMPTY),
                dir.number(),
                s.string(path),
                flags | MountFlags.MOVE_FROM_EMPTY_PATH);
        Calls.MOVE_MOUNT.check(result, s, path);
      }
    });
  }

  @Override
  public void mountSetattr(
      Fd dir,
      RawPath path,
      int flags,
      long set,
      long clear,
      long propagation,
      @Nullable Fd userNamespace) {
    try (Scratch s = Scratch.take()) {
      MemorySegment attr = s.allocate(ATTR_SIZE);
      attr.set(JAVA_LONG, 0, set);
      attr.set(JAVA_LONG, 8, clear);
      attr.set(JAVA_LONG, 16, propagation);
      attr.set(JAVA_LONG, 24, userNamespace == null ? 0 : userNamespace.number());
      int result =
          Calls.MOUNT_SETATTR.call(
              s, dir.number(), s.string(path), flags, attr.address(), ATTR_SIZE);
      Calls.MOUNT_SETATTR.check(result, s, path.isEmpty() ? dir : path);
    }
  }

  private static final class Calls {
    static final NativeCall MOUNT = NativeCall.of("mount");
    static final NativeCall UMOUNT2 = NativeCall.of("umount2");
    static final Syscall OPEN_TREE = new Syscall("open_tree", 428, "5.2");
    static final Syscall MOVE_MOUNT = new Syscall("move_mount", 429, "5.2");
    static final Syscall FSOPEN = new Syscall("fsopen", 430, "5.2");
    static final Syscall FSCONFIG = new Syscall("fsconfig", 431, "5.2");
    static final Syscall FSMOUNT = new Syscall("fsmount", 432, "5.2");
    static final Syscall MOUNT_SETATTR = new Syscall("mount_setattr", 442, "5.12");
  }
}
