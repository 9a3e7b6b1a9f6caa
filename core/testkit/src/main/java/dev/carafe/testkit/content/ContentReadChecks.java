package dev.carafe.testkit.content;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.testkit.Race;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** From a blob to bytes. */
abstract class ContentReadChecks extends ContentChecks {
  ContentReadChecks(ContentStoreConformance suite) {
    super(suite);
  }

  private BlobReader reader(Digest digest) {
    return work.closeLater(store.open(digest));
  }

  @Test
  @DisplayName("CONT-READ-01 any part can be read, and nothing past the end")
  void anyPartCanBeRead() {
    Digest digest = blob("0123456789");
    try (BlobReader reader = reader(digest)) {
      ByteBuffer four = ByteBuffer.allocate(4);
      assertEquals(4, reader.read(four, 3));
      assertArrayEquals(bytes("3456"), four.array());
      assertEquals(2, reader.read(ByteBuffer.allocateDirect(4), 8));
      assertEquals(-1, reader.read(ByteBuffer.allocate(4), 10));
      assertEquals(-1, reader.read(ByteBuffer.allocate(4), 1L << 40));
      assertEquals(10, reader.size());
    }
  }

  @Test
  @DisplayName("CONT-READ-02 a stream gives the rest")
  void streamGivesTheRest() throws IOException {
    byte[] big = random(300_000, 2);
    try (BlobReader reader = reader(blob(big));
        InputStream stream = reader.stream(1000)) {
      assertArrayEquals(Arrays.copyOfRange(big, 1000, big.length), stream.readAllBytes());
    }
  }

  @Test
  @DisplayName("CONT-READ-03 several threads read one reader")
  void severalThreadsRead() {
    byte[] big = random(1 << 20, 3);
    try (BlobReader reader = reader(blob(big))) {
      List<Callable<Boolean>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int from = i * 1000;
        calls.add(() -> {
          byte[] read = reader.stream(from).readAllBytes();
          return Arrays.equals(read, Arrays.copyOfRange(big, from, big.length));
        });
      }
      assertTrue(
          Race.run(calls).stream().allMatch(outcome -> Boolean.TRUE.equals(outcome.value())));
    }
  }

  @Test
  @DisplayName("CONT-READ-04 an interrupt of one reading thread does not disturb the others")
  void interruptDisturbsNoOther() {
    Digest digest = blob("0123456789");
    try (BlobReader reader = reader(digest)) {
      Thread.currentThread().interrupt();
      try {
        reader.read(ByteBuffer.allocate(4), 0);
      } catch (RuntimeException e) {
        // Giving up is as good as going on.
      } finally {
        Thread.interrupted();
      }
      assertArrayEquals(bytes("0123456789"), reader.readAll(10));
    }
    assertBlob(bytes("0123456789"), digest);
  }

  @Test
  @DisplayName("CONT-READ-05 an open blob stays readable after delete")
  void openBlobStaysReadable() {
    byte[] big = random(1 << 20, 4);
    Digest digest = blob(big);
    try (BlobReader reader = reader(digest)) {
      store.delete(digest);
      assertThrows(NotFoundException.class, () -> store.open(digest));
      assertArrayEquals(big, reader.readAll(LIMIT));
    }
  }

  @Test
  @DisplayName("CONT-READ-06 readers may be closed twice")
  void readersMayBeClosedTwice() {
    BlobReader reader = reader(blob("x"));
    reader.close();
    reader.close();
  }
}
