package dev.carafe.linux;

import org.jspecify.annotations.Nullable;

/**
 * The mount calls, one method each: the seam at which what is built from them can be watched or
 * refused. All throw {@link ErrnoException}; all may wait for a file system.
 */
public interface MountCalls {
  /** The calls themselves. */
  static MountCalls kernel() {
    return KernelMountCalls.INSTANCE;
  }

  /**
   * mount(2).
   *
   * @param flags of {@link MountFlags}
   * @param data less than a page, NUL included
   */
  void mount(
      @Nullable RawPath source,
      RawPath target,
      @Nullable String type,
      long flags,
      @Nullable RawPath data);

  /** umount2(2). */
  void umount2(RawPath target, int flags);

  /** fsopen(2): a file system to be configured. */
  Fd fsopen(String type);

  /** fsconfig(2) with a value, which the kernel limits to 255 bytes. */
  void fsconfigString(Fd filesystem, String key, RawPath value);

  /** fsconfig(2) without a value. */
  void fsconfigFlag(Fd filesystem, String key);

  /** fsconfig(2) that creates the file system. */
  void fsconfigCreate(Fd filesystem);

  /**
   * fsmount(2): a mount that is attached nowhere and ends with its last descriptor.
   *
   * @param attributes {@code ATTR_*} of {@link MountFlags}
   */
  Fd fsmount(Fd filesystem, long attributes);

  /** open_tree(2), for example with {@link MountFlags#OPEN_TREE_CLONE}. */
  Fd openTree(Fd dir, RawPath path, int flags);

  /** move_mount(2): attaches the detached mount {@code from} at {@code path}. */
  void moveMount(Fd from, Fd dir, RawPath path, int flags);

  /**
   * mount_setattr(2).
   *
   * @param flags {@code AT_*}
   * @param userNamespace for {@link MountFlags#ATTR_IDMAP}
   */
  void mountSetattr(
      Fd dir,
      RawPath path,
      int flags,
      long set,
      long clear,
      long propagation,
      @Nullable Fd userNamespace);
}
