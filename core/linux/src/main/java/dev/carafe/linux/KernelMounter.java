package dev.carafe.linux;

import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

final class KernelMounter implements Mounter {
  private static final int PAGE = 4096;
  private static final int MAX_PASSES = 128;
  private static final long ST_RELATIME = 4096;
  private static final long ST_KEPT =
      MountFlags.NOSUID
          | MountFlags.NODEV
          | MountFlags.NOEXEC
          | MountFlags.NOATIME
          | MountFlags.NODIRATIME;

  private final MountCalls calls;
  private final boolean modern;

  /**
   * @param modern whether fsopen, mount_setattr and overlay's {@code lowerdir+} may be used
   */
  KernelMounter(MountCalls calls, boolean modern) {
    this.calls = calls;
    this.modern = modern;
  }

  static KernelMounter instance() {
    return Instance.INSTANCE;
  }

  @Override
  public void mount(List<Mount> mounts, Path target) {
    mount(mounts, RawPath.of(target.toAbsolutePath()));
  }

  void mount(List<Mount> mounts, RawPath target) {
    var done = new ArrayList<RawPath>();
    try {
      for (Mount mount : mounts) {
        RawPath place = mount(mount, target);
        if (place != null) {
          done.add(place);
        }
      }
    } catch (RuntimeException | Error e) {
      for (RawPath place : done.reversed()) {
        try {
          calls.umount2(place, MountFlags.DETACH);
        } catch (ErrnoException undo) {
          e.addSuppressed(undo);
        }
      }
      throw e;
    }
  }

  /**
   * Returns the path at which there is a new mount, links resolved; null if it only changed one.
   */
  private @Nullable RawPath mount(Mount mount, RawPath target) {
    MountOptions options = MountOptions.parse(mount.type(), mount.options());
    RawPath path = target;
    boolean mounted = false;
    try {
      try (Fd place = place(target, mount.target())) {
        path = PathCalls.readlinkat(Fd.CWD, place.procPath());
        IdMapping ids = options.ids();
        if (ids != null) {
          try (Fd tree = new DetachedMount(calls, modern).mapped(mount, ids)) {
            calls.moveMount(tree, place, RawPath.EMPTY, MountFlags.MOVE_TO_EMPTY_PATH);
          }
        } else {
          FileBacked.mount(
              mount,
              options,
              backed -> {
                if (modern && !options.isRemount()) {
                  attach(backed, options, place);
                } else {
                  classic(backed, options, place);
                }
                return true;
              });
        }
      }
      mounted = !options.isRemount();
      finish(mount, options, target);
      return mounted ? path : null;
    } catch (ErrnoException e) {
      if (mounted) {
        calls.umount2(path, MountFlags.DETACH);
      }
      throw e.during("mount " + mount.type() + " \"" + mount.source() + "\" on \"" + path + "\"");
    }
  }

  /** What is on top at the place right now; a target cannot lead out of {@code root}. */
  private static Fd place(RawPath root, String target) {
    Fd top = PathCalls.openat(Fd.CWD, root, OpenFlags.PATH, 0);
    if (target.isEmpty() || target.equals("/")) {
      return top;
    }
    try (top) {
      return PathCalls.openat2(
          top,
          RawPath.of(target),
          OpenFlags.PATH,
          0,
          ResolveFlags.IN_ROOT | ResolveFlags.NO_MAGICLINKS);
    }
  }

  /** Complete before it is visible: a read-only mount is never writable for a moment. */
  private void attach(Mount mount, MountOptions options, Fd place) {
    try (Fd tree = new DetachedMount(calls, true).detached(mount, options)) {
      calls.moveMount(tree, place, RawPath.EMPTY, MountFlags.MOVE_TO_EMPTY_PATH);
    }
  }

  private void classic(Mount mount, MountOptions options, Fd place) {
    RawPath source = RawPath.of(mount.source());
    if (options.isBind() && !options.isRemount()) {
      long flags = options.flags() & (MountFlags.BIND | MountFlags.REC);
      calls.mount(source, place.procPath(), null, flags, null);
      return;
    }
    var opened = new ArrayList<Fd>();
    try {
      String data = String.join(",", options.data());
      if (mount.type().equals("overlay") && RawPath.of(data).length() >= PAGE) {
        data = OverlayOptions.parse(options.data()).dataByDescriptors(opened);
      }
      RawPath dataOrNull = data.isEmpty() ? null : RawPath.of(data);
      calls.mount(source, place.procPath(), mount.type(), options.flags(), dataOrNull);
    } finally {
      opened.forEach(Fd::close);
    }
  }

  /** What can only be said of a mount that is there: propagation, and on old kernels read-only. */
  private void finish(Mount mount, MountOptions options, RawPath target) {
    boolean remount =
        !modern
            && options.ids() == null
            && options.isBind()
            && !options.isRemount()
            && options.changesAttributes();
    if (!remount && options.propagation().isEmpty()) {
      return;
    }
    try (Fd place = place(target, mount.target())) {
      if (remount) {
        remountBind(options, place);
      }
      for (long propagation : options.propagation()) {
        calls.mount(null, place.procPath(), null, propagation, null);
      }
    }
  }

  private void remountBind(MountOptions options, Fd place) {
    if (options.recursiveReadOnly()) {
      int flags = AtFlags.EMPTY_PATH | AtFlags.RECURSIVE;
      calls.mountSetattr(place, RawPath.EMPTY, flags, MountFlags.ATTR_RDONLY, 0, 0, null);
    }
    long now = FileCalls.fstatfs(place).flags();
    long kept = now & ST_KEPT | ((now & ST_RELATIME) != 0 ? MountFlags.RELATIME : 0);
    long wanted = options.flags() & ~MountFlags.REC;
    calls.mount(
        null, place.procPath(), null, MountFlags.REMOUNT | MountFlags.BIND | kept | wanted, null);
  }

  @Override
  public void unmountAll(Path target) {
    unmountAll(target, MountFlags.UMOUNT_NOFOLLOW);
  }

  @Override
  public boolean unmountAt(Path target) {
    RawPath real = realPath(target);
    for (int pass = 0; real != null && pass < MAX_PASSES; pass++) {
      try {
        calls.umount2(real, MountFlags.UMOUNT_NOFOLLOW);
      } catch (ErrnoException e) {
        if (e.is(Errno.EBUSY)) {
          return false;
        }
        ignoreGone(e);
        return true;
      }
    }
    return real == null;
  }

  @Override
  public void detachAll(Path target) {
    unmountAll(target, MountFlags.UMOUNT_NOFOLLOW | MountFlags.DETACH);
  }

  private void unmountAll(Path target, int flags) {
    RawPath real = realPath(target);
    if (real == null) {
      return;
    }
    for (int pass = 0; pass < MAX_PASSES; pass++) {
      List<MountInfo> mounts = childrenFirst(MountInfo.atOrBelow(real));
      if (mounts.isEmpty()) {
        return;
      }
      cutPropagation(mounts);
      Set<RawPath> done = new HashSet<>();
      for (MountInfo mount : mounts) {
        if (done.add(mount.mountPoint())) {
          unmount(mount.mountPoint(), flags);
        }
      }
    }
    throw new ErrnoException(
        "umount2", Errno.EBUSY, target, "still more mounts after " + MAX_PASSES + " passes");
  }

  /** Otherwise unmounting inside a shared tree unmounts the same inside its peers. */
  private void cutPropagation(List<MountInfo> mounts) {
    for (MountInfo mount : mounts) {
      if (!mount.tags().isEmpty()) {
        try {
          calls.mount(null, mount.mountPoint(), null, MountFlags.PRIVATE, null);
        } catch (ErrnoException e) {
          ignoreGone(e);
        }
      }
    }
  }

  private void unmount(RawPath mountPoint, int flags) {
    try {
      calls.umount2(mountPoint, flags);
    } catch (ErrnoException e) {
      ignoreGone(e);
    }
  }

  private static void ignoreGone(ErrnoException e) {
    if (!e.is(Errno.EINVAL) && !e.is(Errno.ENOENT)) {
      throw e;
    }
  }

  private static List<MountInfo> childrenFirst(List<MountInfo> mounts) {
    Map<Integer, MountInfo> byId = new HashMap<>();
    mounts.forEach(mount -> byId.put(mount.id(), mount));
    Map<Integer, Integer> depths = new HashMap<>();
    for (MountInfo mount : mounts) {
      int depth = 0;
      for (MountInfo parent = byId.get(mount.parentId());
          parent != null && depth <= mounts.size();
          parent = byId.get(parent.parentId())) {
        depth++;
      }
      depths.put(mount.id(), depth);
    }
    return mounts.stream()
        .sorted(
            Comparator.comparing((MountInfo mount) -> depths.getOrDefault(mount.id(), 0))
                .reversed())
        .toList();
  }

  /** Only the parent is resolved: what is mounted at the target itself may hang. */
  private static @Nullable RawPath realPath(Path target) {
    Path absolute = target.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("path \"" + target + "\": not unmountable");
    }
    try {
      return RawPath.of(parent.toRealPath().resolve(absolute.getFileName()));
    } catch (IOException e) {
      return null;
    }
  }

  private static final class Instance {
    static final KernelMounter INSTANCE =
        new KernelMounter(MountCalls.kernel(), DetachedMount.modern());
  }
}
