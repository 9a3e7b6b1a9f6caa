package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/** Network interfaces of another network namespace. All throw {@link ErrnoException}. */
public final class NetworkInterfaces {
  private static final int SIOCGIFFLAGS = 0x8913;
  private static final int SIOCSIFFLAGS = 0x8914;
  private static final int IFREQ_SIZE = 40;
  private static final int FLAGS_OFFSET = 16;
  private static final int IFF_UP = 1;

  private NetworkInterfaces() {}

  /**
   * Sets the loopback interface up; the kernel then gives it 127.0.0.1 and, where IPv6 is on, ::1.
   *
   * @param namespace an open network namespace, such as {@code /proc/PID/ns/net}
   */
  public static void loopbackUp(Fd namespace) {
    var _ =
        Namespaces.in(
            namespace,
            Namespaces.NEWNET,
            () -> {
              onLoopback((s, socket, request) -> {
                int flags = request.get(JAVA_SHORT, FLAGS_OFFSET);
                request.set(JAVA_SHORT, FLAGS_OFFSET, (short) (flags | IFF_UP));
                ioctl(s, socket, SIOCSIFFLAGS, request, "SIOCSIFFLAGS");
              });
              return true;
            });
  }

  /** Whether the loopback interface is up. */
  public static boolean isLoopbackUp(Fd namespace) {
    Supplier<Boolean> asked =
        () -> {
          boolean[] up = new boolean[1];
          onLoopback(
              (_, _, request) -> up[0] = (request.get(JAVA_SHORT, FLAGS_OFFSET) & IFF_UP) != 0);
          return up[0];
        };
    return Namespaces.in(namespace, Namespaces.NEWNET, asked);
  }

  private interface Use {
    void of(Scratch s, Fd socket, MemorySegment request);
  }

  /** A Unix socket will do: any socket's ioctls about interfaces go to its network namespace. */
  private static void onLoopback(Use use) {
    try (Fd socket = SocketCalls.socket(SocketCalls.DATAGRAM);
        Scratch s = Scratch.take()) {
      MemorySegment request = s.zeroed(IFREQ_SIZE);
      request.setString(0, "lo");
      ioctl(s, socket, SIOCGIFFLAGS, request, "SIOCGIFFLAGS");
      use.of(s, socket, request);
    }
  }

  private static void ioctl(
      Scratch s, Fd socket, int operation, MemorySegment request, String name) {
    if (Calls.IOCTL.call(s, socket.number(), operation, request.address()) < 0) {
      throw new ErrnoException("ioctl " + name, s.errno(), "lo");
    }
  }

  private static final class Calls {
    static final NativeCall IOCTL = NativeCall.of("ioctl");
  }
}
