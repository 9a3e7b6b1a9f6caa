package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FileIoTest {
  private final Sandbox box = new Sandbox();
  private final byte[] bytes = new byte[300_000];

  FileIoTest() {
    new Random(1).nextBytes(bytes);
  }

  @AfterEach
  void cleanUp() {
    box.close();
  }

  @Test
  void arraysLargerThanTheBlockAreWrittenAndReadWhole() {
    try (Fd fd = box.create("f")) {
      FileIo.writeFully(fd, bytes);
      FileCalls.lseek(fd, 0, FileCalls.SEEK_SET);
      assertArrayEquals(bytes, FileIo.readAll(fd, bytes.length));
      FileCalls.lseek(fd, 0, FileCalls.SEEK_SET);
      assertThrows(IllegalArgumentException.class, () -> FileIo.readAll(fd, bytes.length - 1));
    }
  }

  @Test
  void directBuffersKeepTheirPositions() {
    ByteBuffer out = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip().position(10);
    ByteBuffer in = ByteBuffer.allocateDirect(bytes.length);
    try (Fd fd = box.create("f")) {
      assertEquals(bytes.length - 10, FileIo.write(fd, out));
      assertEquals(out.limit(), out.position());
      FileCalls.lseek(fd, 0, FileCalls.SEEK_SET);
      assertEquals(bytes.length - 10, FileIo.readFully(fd, in.position(10)));
      assertEquals(0, in.remaining());
      assertEquals(ByteBuffer.wrap(bytes, 10, bytes.length - 10), in.position(10));
    }
  }

  @Test
  void heapBuffersKeepTheirPositions() {
    ByteBuffer out = ByteBuffer.wrap(bytes, 5, 200_000).slice().asReadOnlyBuffer();
    ByteBuffer in = ByteBuffer.allocate(200_000);
    try (Fd fd = box.create("f")) {
      FileIo.pwriteFully(fd, out, 0);
      assertEquals(0, out.remaining());
      assertEquals(200_000, FileIo.readFully(fd, in));
      assertEquals(0, FileIo.read(fd, in.clear()));
      assertEquals(ByteBuffer.wrap(bytes, 5, 200_000), in.clear());
    }
  }

  @Test
  void segmentsAndArraysAgreeAtAnyOffset() {
    try (Arena arena = Arena.ofConfined();
        Fd fd = box.create("f")) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      FileIo.writeFully(fd, segment);
      byte[] part = new byte[100];
      assertEquals(50, FileIo.pread(fd, part, 25, 50, 1234));
      assertArrayEquals(Arrays.copyOfRange(bytes, 1234, 1284), Arrays.copyOfRange(part, 25, 75));
      assertEquals(3, FileIo.pwrite(fd, new byte[] {9, 8, 7, 6}, 1, 3, 0));
      assertEquals(4, FileIo.pread(fd, segment.asSlice(0, 4), 0));
      assertEquals(8, segment.get(ValueLayout.JAVA_BYTE, 0));
      assertThrows(IndexOutOfBoundsException.class, () -> FileIo.read(fd, part, 90, 11));
    }
  }

  @Test
  void aClosedSegmentIsRefused() {
    MemorySegment segment;
    try (Arena arena = Arena.ofConfined()) {
      segment = arena.allocate(16);
    }
    try (Fd fd = box.create("f")) {
      assertThrows(IllegalStateException.class, () -> FileIo.write(fd, segment));
    }
  }
}
