package dev.carafe.linux;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Work inside other namespaces, each time on a platform thread of its own that ends with the work,
 * so that no other code ever runs there by accident. What the thread mounted in a namespace of its
 * own ends with it, and with the process if that is killed.
 */
public final class Namespaces {
  public static final int NEWNS = 0x00020000;
  public static final int NEWCGROUP = 0x02000000;
  public static final int NEWUTS = 0x04000000;
  public static final int NEWIPC = 0x08000000;
  public static final int NEWUSER = 0x10000000;
  public static final int NEWPID = 0x20000000;
  public static final int NEWNET = 0x40000000;
  public static final int NEWTIME = 0x00000080;

  private static final int CLONE_FS = 0x200;
  private static final RawPath ROOT = RawPath.of("/");

  private Namespaces() {}

  /**
   * Runs {@code task} in new namespaces. With {@link #NEWNS} nothing that it mounts propagates.
   * Waits for it, whatever interrupts.
   */
  public static <T> T inNew(int flags, Supplier<T> task) {
    return onThread(() -> {
      unshare((flags & NEWNS) != 0 ? flags | CLONE_FS : flags);
      if ((flags & NEWNS) != 0) {
        MountCalls.kernel().mount(null, ROOT, null, MountFlags.REC | MountFlags.PRIVATE, null);
      }
      return task.get();
    });
  }

  /**
   * Runs {@code task} in the namespace that {@code namespace}, such as an open {@code
   * /proc/PID/ns/mnt}, refers to. Waits for it, whatever interrupts.
   *
   * @param type one of the constants, checked by the kernel, or 0 for any
   */
  public static <T> T in(Fd namespace, int type, Supplier<T> task) {
    return onThread(() -> {
      unshare(CLONE_FS);
      try (Scratch s = Scratch.take()) {
        Calls.SETNS.check(Calls.SETNS.call(s, namespace.number(), type), s, namespace);
      }
      return task.get();
    });
  }

  /**
   * unshare(2) for the calling thread, which must be a platform thread that is not used for
   * anything else afterwards.
   */
  static void unshare(int flags) {
    try (Scratch s = Scratch.take()) {
      Calls.UNSHARE.check(Calls.UNSHARE.call(s, flags), s, "0x" + Integer.toHexString(flags));
    }
  }

  private static <T> T onThread(Supplier<T> task) {
    var result = new CompletableFuture<T>();
    Runnable body =
        () -> {
          try {
            result.complete(task.get());
          } catch (Throwable t) {
            result.completeExceptionally(t);
          }
        };
    Offload.daemon(body, "carafe-namespace").start();
    return Offload.await(result);
  }

  private static final class Calls {
    static final NativeCall UNSHARE = NativeCall.of("unshare");
    static final NativeCall SETNS = NativeCall.of("setns");
  }
}
