package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;
import dev.carafe.spi.errors.NotFoundException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** From bytes to a blob. */
abstract class ContentWriteChecks extends ContentChecks {
  ContentWriteChecks(ContentStoreConformance suite) {
    super(suite);
  }

  @Test
  @DisplayName("CONT-WRIT-01 committed bytes are read back")
  void committedBytesAreReadBack() {
    Digest digest = blob("hello");

    assertBlob(bytes("hello"), digest);
    assertEquals(Set.of(digest), blobs().keySet());
  }

  @Test
  @DisplayName("CONT-WRIT-02 a blob may be empty")
  void blobMayBeEmpty() {
    try (ContentWriter writer = writer("empty")) {
      assertEquals(Digest.of(new byte[0]), writer.commit(0, null, NONE));
    }
    assertBlob(new byte[0], Digest.of(new byte[0]));
  }

  @Test
  @DisplayName("CONT-WRIT-03 a big blob is kept, whatever the pieces")
  void bigBlobIsKept() {
    byte[] big = random((32 << 20) + 12345, 1);
    int[] pieces = {1, 4095, 4096, 65537, 1 << 20, 3};
    try (ContentWriter writer = writer("big")) {
      int position = 0;
      for (int i = 0; position < big.length; i++) {
        int length = Math.min(pieces[i % pieces.length], big.length - position);
        writer.write(ByteBuffer.wrap(big, position, length));
        position += length;
      }
      writer.commit(big.length, Digest.of(big), NONE);
    }
    assertBlob(big, Digest.of(big));
  }

  @Test
  @DisplayName("CONT-WRIT-04 every kind of buffer is taken, and only what remains in it")
  void everyBufferIsTaken() {
    byte[] source = bytes("__inside__");
    ByteBuffer direct = ByteBuffer.allocateDirect(source.length).put(source).flip();
    ByteBuffer readOnly = ByteBuffer.wrap(source).asReadOnlyBuffer();
    ByteBuffer heap = ByteBuffer.wrap(source);
    ByteBuffer sliced = ByteBuffer.wrap(bytes("##" + "__inside__" + "##")).slice(2, source.length);
    try (ContentWriter writer = writer("buffers")) {
      for (ByteBuffer buffer : List.of(heap, direct, readOnly, sliced)) {
        buffer.position(2).limit(8);
        writer.write(buffer);
        assertEquals(8, buffer.position());
        assertEquals(8, buffer.limit());
      }
      writer.write(ByteBuffer.allocate(0));
      writer.commit(0, null, NONE);
    }
    assertArrayEquals(bytes("__inside__"), source);
    byte[] expected = bytes("inside".repeat(4));
    assertBlob(expected, Digest.of(expected));
  }

  @Test
  @DisplayName("CONT-WRIT-05 offset and digest follow the bytes")
  void offsetAndDigestFollow() {
    try (ContentWriter writer = writer("ref", 10, null)) {
      assertEquals(0, writer.status().offset());
      assertEquals(Digest.of(new byte[0]), writer.digest());

      writer.write(buffer("hello"));
      IngestStatus status = writer.status();
      assertEquals("ref", status.ref());
      assertEquals(5, status.offset());
      assertEquals(10, status.total());
      assertEquals(Digest.of(bytes("hello")), writer.digest());

      writer.write(buffer("world"));
      assertEquals(10, writer.status().offset());
      assertEquals(Digest.of(bytes("helloworld")), writer.digest());
      assertEquals(Digest.of(bytes("helloworld")), writer.commit(10, null, NONE));
    }
  }

  @Test
  @DisplayName("CONT-WRIT-06 SHA-512 is used where it is expected")
  void sha512IsUsed() {
    Digest expected = sha512(bytes("hello"));
    try (ContentWriter writer = writer("ref", 0, expected)) {
      writer.write(buffer("hello"));
      assertEquals(expected, writer.digest());
      assertEquals(expected, writer.commit(5, expected, NONE));
    }
    assertBlob(bytes("hello"), expected);
    assertThrows(NotFoundException.class, () -> store.info(Digest.of(bytes("hello"))));
  }

  @Test
  @DisplayName("CONT-WRIT-07 the expected digest may come at commit, in either algorithm")
  void expectedDigestMayComeLate() {
    for (Digest expected : List.of(Digest.of(bytes("hello")), sha512(bytes("hello")))) {
      try (ContentWriter writer = writer("ref " + expected)) {
        writer.write(buffer("hello"));
        assertEquals(expected, writer.commit(0, expected, NONE));
      }
      assertBlob(bytes("hello"), expected);
    }
  }

  @Test
  @DisplayName("CONT-WRIT-08 truncate starts over")
  void truncateStartsOver() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("a long wrong start"));
      writer.truncate();
      assertEquals(0, writer.status().offset());
      assertEquals(Digest.of(new byte[0]), writer.digest());
      writer.write(buffer("right"));
      assertEquals(Digest.of(bytes("right")), writer.commit(5, null, NONE));
    }
    assertBlob(bytes("right"), Digest.of(bytes("right")));
  }

  @Test
  @DisplayName("CONT-WRIT-09 the ingest is gone after commit, and its ref free")
  void ingestIsGoneAfterCommit() {
    try (ContentWriter writer = writer("ref")) {
      writer.write(buffer("one"));
      writer.commit(0, null, NONE);
      assertEquals(List.of(), store.ingests());
      assertThrows(NotFoundException.class, () -> store.status("ref"));
    }
    try (ContentWriter writer = writer("ref")) {
      assertEquals(0, writer.status().offset());
      writer.write(buffer("two"));
      writer.commit(0, null, NONE);
    }
    assertBlob(bytes("one"), Digest.of(bytes("one")));
    assertBlob(bytes("two"), Digest.of(bytes("two")));
  }

  @Test
  @DisplayName("CONT-WRIT-10 what is written after the buffer's owner reuses it does not change")
  void buffersMayBeReused() {
    byte[] shared = bytes("aaaa");
    try (ContentWriter writer = writer("ref")) {
      writer.write(ByteBuffer.wrap(shared));
      Arrays.fill(shared, (byte) 'b');
      writer.write(ByteBuffer.wrap(shared));
      writer.commit(8, Digest.of(bytes("aaaabbbb")), NONE);
    }
    assertBlob(bytes("aaaabbbb"), Digest.of(bytes("aaaabbbb")));
  }
}
