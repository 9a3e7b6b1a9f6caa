package dev.carafe.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Unix sockets, for what the JDK's lack: SOCK_SEQPACKET, datagrams, passing descriptors. A path
 * that is too long for an address goes by way of its directory's descriptor. All throw {@link
 * ErrnoException}.
 *
 * <p>On a blocking descriptor {@link #accept}, {@link #receive}, {@link #send} and {@link #connect}
 * wait: make it non-blocking (then they throw EAGAIN) and wait with an {@link EventLoop}, or set
 * {@link #timeouts}.
 */
public final class SocketCalls {
  public static final int STREAM = 1;
  public static final int DATAGRAM = 2;
  public static final int SEQPACKET = 5;

  private static final int AF_UNIX = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int SCM_RIGHTS = 1;
  private static final int SHUT_WR = 1;
  private static final int MSG_CTRUNC = 0x8;
  private static final int MSG_TRUNC = 0x20;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MAX_PATH = 107;
  private static final int MAX_DESCRIPTORS = 253;
  private static final int MSGHDR_SIZE = 56;
  private static final int CMSG_HEADER = 16;

  /**
   * A message.
   *
   * @param bytes how many were put into the buffer; 0 at the end of a stream
   * @param descriptors to be closed by the receiver
   * @param truncated whether bytes or descriptors did not fit and are lost
   */
  public record Received(int bytes, List<Fd> descriptors, boolean truncated) {
    public Received {
      descriptors = List.copyOf(descriptors);
    }
  }

  /** Who is at the other end, as of connect or listen. */
  public record PeerCredentials(int pid, long uid, long gid) {}

  private SocketCalls() {}

  /** socket(2); {@code type} may carry {@link OpenFlags#NONBLOCK}. */
  public static Fd socket(int type) {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.SOCKET.call(s, AF_UNIX, type | OpenFlags.CLOEXEC, 0);
      return Fd.adopt(Calls.SOCKET.check(fd, s, null));
    }
  }

  /** socketpair(2); {@code type} may carry {@link OpenFlags#NONBLOCK}. */
  public static Descriptors.Pair socketpair(int type) {
    try (Scratch s = Scratch.take()) {
      MemorySegment numbers = s.allocate(8);
      int result =
          Calls.SOCKETPAIR.call(s, AF_UNIX, type | OpenFlags.CLOEXEC, 0, numbers.address());
      Calls.SOCKETPAIR.check(result, s, null);
      return Descriptors.Pair.read(numbers);
    }
  }

  /** A socket that is connected to {@code path}. */
  public static Fd connect(RawPath path, int type) {
    return addressed(Calls.CONNECT, path, type);
  }

  /** A socket that listens at {@code path}, which must not exist yet. */
  public static Fd listen(RawPath path, int type, int backlog) {
    Fd socket = bind(path, type);
    try (Scratch s = Scratch.take()) {
      Calls.LISTEN.check(Calls.LISTEN.call(s, socket.number(), backlog), s, path);
      return socket;
    } catch (ErrnoException e) {
      socket.close();
      throw e;
    }
  }

  /** A socket that is bound to {@code path}, which must not exist yet. */
  public static Fd bind(RawPath path, int type) {
    return addressed(Calls.BIND, path, type);
  }

  private static Fd addressed(NativeCall call, RawPath path, int type) {
    Fd socket = socket(type);
    try {
      if (path.length() <= MAX_PATH) {
        address(call, socket, path, path);
      } else {
        byte[] bytes = path.unsafeBytes();
        int slash = bytes.length;
        do {
          slash--;
        } while (slash > 0 && bytes[slash] != '/');
        try (Fd directory = PathCalls.openat(Fd.CWD, path.head(slash), OpenFlags.PATH, 0)) {
          address(call, socket, RawPath.under(directory, path.tail(slash + 1)), path);
        }
      }
      return socket;
    } catch (RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  private static void address(NativeCall call, Fd socket, RawPath path, RawPath what) {
    if (path.length() > MAX_PATH) {
      throw new ErrnoException(call.name(), Errno.ENAMETOOLONG, what);
    }
    try (Scratch s = Scratch.take()) {
      MemorySegment address = unixAddress(s, path.unsafeBytes());
      int result = call.call(s, socket.number(), address.address(), address.byteSize());
      call.check(result, s, what);
    }
  }

  /** A path, or an abstract name if it begins with NUL; the caller has checked the length. */
  static MemorySegment unixAddress(Scratch s, byte[] name) {
    int terminator = name.length > 0 && name[0] == 0 ? 0 : 1;
    MemorySegment address = s.zeroed(2L + name.length + terminator);
    address.set(JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
    return address;
  }

  /** accept4(2); {@code flags} may be {@link OpenFlags#NONBLOCK} for the new socket. */
  public static Fd accept(Fd listener, int flags) {
    try (Scratch s = Scratch.take()) {
      int fd = Calls.ACCEPT4.call(s, listener.number(), 0, 0, flags | OpenFlags.CLOEXEC);
      return Fd.adopt(Calls.ACCEPT4.check(fd, s, listener));
    }
  }

  /**
   * sendmsg(2) of at most 64 KiB of the remaining bytes, advancing the position, together with
   * descriptors. No SIGPIPE: a closed peer is EPIPE.
   *
   * @param descriptors at most 253; with any, there must be at least one byte
   * @return bytes taken
   */
  public static int send(Fd socket, ByteBuffer bytes, List<Fd> descriptors) {
    if (descriptors.size() > MAX_DESCRIPTORS) {
      throw new ErrnoException("sendmsg", Errno.ETOOMANYREFS, socket);
    }
    try (Scratch s = Scratch.take();
        IoBuffer buffer = IoBuffer.take()) {
      int length = Math.min(bytes.remaining(), IoBuffer.SIZE);
      MemorySegment.copy(MemorySegment.ofBuffer(bytes), 0, buffer.memory(), 0, length);
      MemorySegment message = message(s, buffer, length);
      if (!descriptors.isEmpty()) {
        long used = CMSG_HEADER + 4L * descriptors.size();
        MemorySegment control = s.zeroed(used + 7 & ~7L);
        control.set(JAVA_LONG, 0, used);
        control.set(JAVA_INT, 8, SOL_SOCKET);
        control.set(JAVA_INT, 12, SCM_RIGHTS);
        for (int i = 0; i < descriptors.size(); i++) {
          control.set(JAVA_INT, CMSG_HEADER + 4L * i, descriptors.get(i).number());
        }
        message.set(JAVA_LONG, 32, control.address());
        message.set(JAVA_LONG, 40, control.byteSize());
      }
      long sent =
          Calls.SENDMSG.callLong(s, socket.number(), message.address(), MSG_NOSIGNAL, 0, 0, 0);
      Calls.SENDMSG.check(sent, s, socket);
      bytes.position(bytes.position() + (int) sent);
      return (int) sent;
    }
  }

  /**
   * recvmsg(2) into the remaining space, of which at most 64 KiB are used, advancing the position.
   *
   * @param most the number of descriptors to accept, 0 to 253
   */
  public static Received receive(Fd socket, ByteBuffer into, int most) {
    Objects.checkIndex(most, MAX_DESCRIPTORS + 1);
    try (Scratch s = Scratch.take();
        IoBuffer buffer = IoBuffer.take()) {
      MemorySegment message = message(s, buffer, Math.min(into.remaining(), IoBuffer.SIZE));
      MemorySegment control = s.zeroed(CMSG_HEADER + (4L * most + 7 & ~7L));
      message.set(JAVA_LONG, 32, control.address());
      message.set(JAVA_LONG, 40, most == 0 ? 0 : CMSG_HEADER + 4L * most);
      int count =
          (int)
              Calls.RECVMSG.callLong(
                  s, socket.number(), message.address(), MSG_CMSG_CLOEXEC, 0, 0, 0);
      Calls.RECVMSG.check(count, s, socket);
      int flags = message.get(JAVA_INT, 48);
      List<Fd> descriptors = descriptors(control, message.get(JAVA_LONG, 40));
      MemorySegment.copy(buffer.memory(), 0, MemorySegment.ofBuffer(into), 0, count);
      into.position(into.position() + count);
      return new Received(count, descriptors, (flags & (MSG_CTRUNC | MSG_TRUNC)) != 0);
    }
  }

  private static MemorySegment message(Scratch s, IoBuffer buffer, int length) {
    MemorySegment vector = s.allocate(16);
    vector.set(JAVA_LONG, 0, buffer.memory().address());
    vector.set(JAVA_LONG, 8, length);
    MemorySegment message = s.zeroed(MSGHDR_SIZE);
    message.set(JAVA_LONG, 16, vector.address());
    message.set(JAVA_LONG, 24, 1);
    return message;
  }

  private static List<Fd> descriptors(MemorySegment control, long length) {
    var descriptors = new ArrayList<Fd>();
    long at = 0;
    while (at + CMSG_HEADER <= length) {
      long size = control.get(JAVA_LONG, at);
      boolean rights =
          control.get(JAVA_INT, at + 8) == SOL_SOCKET
              && control.get(JAVA_INT, at + 12) == SCM_RIGHTS;
      for (long i = at + CMSG_HEADER; rights && i + 4 <= at + size; i += 4) {
        descriptors.add(Fd.adopt(control.get(JAVA_INT, i)));
      }
      at += Math.max(CMSG_HEADER, size + 7 & ~7L);
    }
    return descriptors;
  }

  /** shutdown(SHUT_WR): the peer sees the end of what is sent, and may go on sending. */
  public static void shutdownWrite(Fd socket) {
    try (Scratch s = Scratch.take()) {
      Calls.SHUTDOWN.check(Calls.SHUTDOWN.call(s, socket.number(), SHUT_WR), s, socket);
    }
  }

  /** getsockopt(SO_PEERCRED). */
  public static PeerCredentials peerCredentials(Fd socket) {
    try (Scratch s = Scratch.take()) {
      MemorySegment credentials = s.zeroed(16);
      MemorySegment length = s.allocate(8);
      length.set(JAVA_INT, 0, 12);
      int result =
          Calls.GETSOCKOPT.call(
              s, socket.number(), SOL_SOCKET, SO_PEERCRED, credentials.address(), length.address());
      Calls.GETSOCKOPT.check(result, s, socket);
      return new PeerCredentials(
          credentials.get(JAVA_INT, 0),
          credentials.get(JAVA_INT, 4) & 0xffffffffL,
          credentials.get(JAVA_INT, 8) & 0xffffffffL);
    }
  }

  /** How long receiving (and accepting) and sending may wait before EAGAIN; 0 for ever. */
  public static void timeouts(Fd socket, long receiveMillis, long sendMillis) {
    timeout(socket, SO_RCVTIMEO, receiveMillis);
    timeout(socket, SO_SNDTIMEO, sendMillis);
  }

  private static void timeout(Fd socket, int option, long millis) {
    try (Scratch s = Scratch.take()) {
      MemorySegment time = s.allocate(16);
      time.set(JAVA_LONG, 0, millis / 1000);
      time.set(JAVA_LONG, 8, millis % 1000 * 1000);
      int result =
          Calls.SETSOCKOPT.call(s, socket.number(), SOL_SOCKET, option, time.address(), 16);
      Calls.SETSOCKOPT.check(result, s, socket);
    }
  }

  private static final class Calls {
    static final NativeCall SOCKET = NativeCall.of("socket");
    static final NativeCall SOCKETPAIR = NativeCall.of("socketpair");
    static final NativeCall CONNECT = NativeCall.of("connect");
    static final NativeCall BIND = NativeCall.of("bind");
    static final NativeCall LISTEN = NativeCall.of("listen");
    static final NativeCall ACCEPT4 = NativeCall.of("accept4");
    static final NativeCall SENDMSG = NativeCall.of("sendmsg");
    static final NativeCall RECVMSG = NativeCall.of("recvmsg");
    static final NativeCall SHUTDOWN = NativeCall.of("shutdown");
    static final NativeCall GETSOCKOPT = NativeCall.of("getsockopt");
    static final NativeCall SETSOCKOPT = NativeCall.of("setsockopt");
  }
}
