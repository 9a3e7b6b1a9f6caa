package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Tells systemd how the service is doing: the datagrams of sd_notify(3). */
public final class SystemdNotify {
  private static final String VARIABLE = "NOTIFY_SOCKET";
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MAX_ADDRESS = 107;

  private SystemdNotify() {}

  /**
   * Sends {@code state}, such as {@code READY=1}, lines separated by newlines, to where the
   * environment says.
   *
   * @return false if nobody asked for it, that is without {@code NOTIFY_SOCKET} in the environment
   * @throws ErrnoException if it cannot be sent
   */
  public static boolean send(String state) {
    String address = System.getenv(VARIABLE);
    if (address == null || address.isEmpty()) {
      return false;
    }
    send(address, state);
    return true;
  }

  /**
   * Sends {@code state} to {@code address}: an absolute path, or an abstract name behind an at
   * sign.
   *
   * @throws ErrnoException if it cannot be sent
   */
  public static void send(String address, String state) {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || (name[0] != '/' && name[0] != '@')) {
      throw new ErrnoException("sendto", Errno.EAFNOSUPPORT, address);
    }
    if (name.length > MAX_ADDRESS) {
      throw new ErrnoException("sendto", Errno.ENAMETOOLONG, address);
    }
    if (name[0] == '@') {
      name[0] = 0;
    }
    byte[] message = state.getBytes(StandardCharsets.UTF_8);
    try (Fd socket = SocketCalls.socket(SocketCalls.DATAGRAM);
        Scratch s = Scratch.take()) {
      MemorySegment bytes = s.allocate(message.length);
      MemorySegment.copy(message, 0, bytes, JAVA_BYTE, 0, message.length);
      MemorySegment to = SocketCalls.unixAddress(s, name);
      long sent =
          Calls.SENDTO.callLong(
              s,
              socket.number(),
              bytes.address(),
              message.length,
              MSG_NOSIGNAL,
              to.address(),
              to.byteSize());
      Calls.SENDTO.check(sent, s, address);
    }
  }

  private static final class Calls {
    static final NativeCall SENDTO = NativeCall.of("sendto");
  }
}
