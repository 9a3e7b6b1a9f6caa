package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.linux.SocketCalls.Received;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketCallsTest {
  private final Sandbox box = new Sandbox();
  private final int descriptorsBefore = Sandbox.openDescriptors();

  @AfterEach
  void cleanUp() {
    assertEquals(descriptorsBefore, Sandbox.openDescriptors());
    box.close();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(ByteBuffer buffer) {
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {SocketCalls.STREAM, SocketCalls.SEQPACKET})
  void descriptorsPassThrough(int type) {
    try (Descriptors.Pair pair = SocketCalls.socketpair(type);
        Fd file = box.create("f", "content")) {
      assertEquals(2, SocketCalls.send(pair.first(), bytes("hi"), List.of(file, file)));
      ByteBuffer into = ByteBuffer.allocate(10);
      Received received = SocketCalls.receive(pair.second(), into, 4);
      assertEquals("hi", text(into));
      assertEquals(2, received.descriptors().size());
      assertFalse(received.truncated());
      assertEquals("content", new String(FileIo.readAll(received.descriptors().get(0), 100)));
      received.descriptors().forEach(Fd::close);
      pair.first().close();
      assertEquals(0, SocketCalls.receive(pair.second(), into.clear(), 0).bytes());
    }
  }

  @Test
  void whatDoesNotFitIsReportedAndNotLeaked() {
    try (Descriptors.Pair pair = SocketCalls.socketpair(SocketCalls.SEQPACKET)) {
      SocketCalls.send(pair.first(), bytes("long"), Collections.nCopies(5, box.dir));
      Received received = SocketCalls.receive(pair.second(), ByteBuffer.allocate(2), 1);
      assertTrue(received.truncated());
      assertEquals(2, received.bytes());
      received.descriptors().forEach(Fd::close);
      SocketCalls.send(pair.first(), bytes("x"), Collections.nCopies(253, box.dir));
      Received many = SocketCalls.receive(pair.second(), ByteBuffer.allocateDirect(2), 253);
      assertEquals(253, many.descriptors().size());
      many.descriptors().forEach(Fd::close);
      assertErrno(
          Errno.ETOOMANYREFS,
          () -> SocketCalls.send(pair.first(), bytes("x"), Collections.nCopies(254, box.dir)));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> SocketCalls.receive(pair.second(), ByteBuffer.allocate(2), 254));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"s", "a-directory-with-a-name/that-is-by-itself-nearly/as-long-as-the-address"})
  void pathsOfAnyLengthWork(String directory) {
    String longer = directory.length() > 1 ? directory + "/" + directory : directory;
    RawPath path = RawPath.of(box.path.resolve(longer).resolve("sock"));
    for (int i = 0; i < longer.length(); i++) {
      if (longer.charAt(i) == '/') {
        PathCalls.mkdirat(box.dir, RawPath.of(longer.substring(0, i)), 0700);
      }
    }
    PathCalls.mkdirat(box.dir, RawPath.of(longer), 0700);
    try (Fd listener = SocketCalls.listen(path, SocketCalls.SEQPACKET, 4);
        Fd client = SocketCalls.connect(path, SocketCalls.SEQPACKET);
        Fd server = SocketCalls.accept(listener, 0)) {
      SocketCalls.send(client, bytes("one"), List.of());
      SocketCalls.send(client, bytes("two"), List.of());
      ByteBuffer into = ByteBuffer.allocate(100);
      SocketCalls.receive(server, into, 0);
      assertEquals("one", text(into));
      SocketCalls.PeerCredentials peer = SocketCalls.peerCredentials(server);
      assertEquals(ProcessHandle.current().pid(), peer.pid());
      assertEquals(0, peer.uid() + peer.gid());
      assertErrno(Errno.EADDRINUSE, () -> SocketCalls.listen(path, SocketCalls.SEQPACKET, 4));
    }
    RawPath missing = RawPath.of("/no/such/" + "x".repeat(200));
    assertErrno(Errno.ENOENT, () -> SocketCalls.connect(missing, SocketCalls.STREAM));
    RawPath longName = RawPath.of("/tmp/" + "x".repeat(200));
    assertErrno(Errno.ENAMETOOLONG, () -> SocketCalls.connect(longName, SocketCalls.STREAM));
  }

  @Test
  void aClosedPeerIsAnErrorAndNotASignal() {
    try (Descriptors.Pair pair = SocketCalls.socketpair(SocketCalls.STREAM)) {
      pair.second().close();
      assertErrno(Errno.EPIPE, () -> SocketCalls.send(pair.first(), bytes("x"), List.of()));
    }
  }

  @Test
  void receivingEndsWithTheTimeout() {
    try (Descriptors.Pair pair = SocketCalls.socketpair(SocketCalls.STREAM)) {
      SocketCalls.timeouts(pair.first(), 20, 20);
      assertErrno(Errno.EAGAIN, () -> SocketCalls.receive(pair.first(), ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void theServiceManagerGetsItsDatagram() {
    RawPath path = RawPath.of(box.path.resolve("notify"));
    try (Fd socket = SocketCalls.bind(path, SocketCalls.DATAGRAM)) {
      SystemdNotify.send(path.toString(), "READY=1\nSTATUS=ü");
      ByteBuffer into = ByteBuffer.allocate(100);
      SocketCalls.receive(socket, into, 0);
      assertEquals("READY=1\nSTATUS=ü", text(into));
    }
    assertErrno(Errno.ECONNREFUSED, () -> SystemdNotify.send("@carafe-nobody-listens", "READY=1"));
    assertErrno(Errno.EAFNOSUPPORT, () -> SystemdNotify.send("vsock:2:3", "READY=1"));
    assertErrno(Errno.EAFNOSUPPORT, () -> SystemdNotify.send("", "READY=1"));
  }

  @Test
  void memoryFilesCanBeSealed() {
    try (Fd file = Descriptors.memfdCreate("test", Descriptors.MFD_ALLOW_SEALING)) {
      FileIo.writeFully(file, new byte[100]);
      Descriptors.addSeals(file, Descriptors.SEAL_WRITE | Descriptors.SEAL_SHRINK);
      assertErrno(Errno.EPERM, () -> FileIo.write(file, new byte[1], 0, 1));
      assertEquals(100, FileCalls.fstat(file).size());
    }
  }

  @Test
  void nonBlockingCanBeSwitched() {
    try (Descriptors.Pair pipe = Descriptors.pipe2(0)) {
      FileCalls.setNonBlocking(pipe.first(), true);
      assertErrno(Errno.EAGAIN, () -> FileIo.read(pipe.first(), new byte[1], 0, 1));
      FileCalls.setNonBlocking(pipe.first(), false);
      FileIo.write(pipe.second(), new byte[] {1}, 0, 1);
      assertEquals(1, FileIo.read(pipe.first(), new byte[1], 0, 1));
    }
  }
}
