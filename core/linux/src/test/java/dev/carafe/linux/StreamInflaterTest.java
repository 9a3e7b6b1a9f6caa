package dev.carafe.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** One suite for both decoders. */
class StreamInflaterTest {
  @Nested
  class Jdk extends Suite {
    Jdk() {
      super(StreamInflater::openJdk);
    }
  }

  @Nested
  class Native extends Suite {
    Native() {
      super(() -> {
        var inflater = StreamInflater.openNative();
        assumeTrue(inflater.isPresent(), "libisal.so.2 is not installed");
        return inflater.get();
      });
    }
  }

  @Test
  void theSelfTestsTextIsWhatTheFileHolds() {
    assertEquals(607, IsalLibrary.expected().length);
    IsalLibrary.instance()
        .ifPresent(library -> assertEquals("isal_inflate", library.inflate().name()));
  }

  @Test
  void openAlwaysFindsOne() {
    try (StreamInflater inflater = StreamInflater.open()) {
      assertFalse(inflater.finished());
    }
  }

  abstract static class Suite {
    private final Supplier<StreamInflater> open;

    Suite(Supplier<StreamInflater> open) {
      this.open = open;
    }

    static byte[] text(int size, int alphabet, long seed) {
      var random = new Random(seed);
      byte[] text = new byte[size];
      for (int i = 0; i < size; i++) {
        boolean repeat = i > 300 && random.nextInt(4) > 0;
        text[i] = repeat ? text[i - 1 - random.nextInt(300)] : (byte) random.nextInt(alphabet);
      }
      return text;
    }

    static byte[] gzip(byte[] text, int level) {
      var out = new ByteArrayOutputStream();
      try (var gzip =
          new GZIPOutputStream(out) {
            {
              def.setLevel(level);
            }
          }) {
        gzip.write(text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return out.toByteArray();
    }

    static byte[] join(byte[]... parts) {
      var out = new ByteArrayOutputStream();
      for (byte[] part : parts) {
        out.writeBytes(part);
      }
      return out.toByteArray();
    }

    static ByteBuffer buffer(boolean direct, int size) {
      return direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
    }

    byte[] inflate(byte[] file, int step, int room, boolean directIn, boolean directOut) {
      var text = new ByteArrayOutputStream();
      ByteBuffer in = buffer(directIn, step);
      ByteBuffer out = buffer(directOut, room);
      try (StreamInflater inflater = open.get()) {
        for (int at = 0; at < file.length; at += step) {
          in.clear().put(file, at, Math.min(step, file.length - at)).flip();
          boolean full;
          do {
            int count = inflater.inflate(in, out.clear());
            assertEquals(count, out.position());
            full = !out.hasRemaining();
            byte[] chunk = new byte[count];
            out.flip().get(chunk);
            text.writeBytes(chunk);
          } while (full);
          assertFalse(in.hasRemaining());
        }
        inflater.checkFinished();
        inflater.close();
      }
      return text.toByteArray();
    }

    byte[] inflate(byte[] file) {
      return inflate(file, 64 * 1024, 128 * 1024, true, true);
    }

    @Test
    void everyLevelComesBack() {
      for (int level = 0; level <= 9; level++) {
        byte[] text = text(300_000, 60, level);
        assertArrayEquals(text, inflate(gzip(text, level)));
      }
      assertEquals(0, inflate(gzip(new byte[0], 6)).length);
    }

    @Test
    void anyMixtureOfBuffersAndSizesWorks() {
      int[] sizes = {1, 2, 7, 100, 4096, 100_000};
      for (int step : sizes) {
        for (int room : sizes) {
          byte[] text = text(Math.min(step, room) < 100 ? 700 : 60_000, 40, 3);
          byte[] file = join(gzip(text, 6), gzip(text, 0), gzip(new byte[0], 1));
          boolean directIn = (step & 1) == 0;
          byte[] inflated = inflate(file, step, room, directIn, room != 100);
          assertArrayEquals(join(text, text), inflated, step + " into " + room);
        }
      }
    }

    @Test
    void manySmallMembersAreOneStream() {
      byte[][] members = new byte[500][];
      byte[][] texts = new byte[500][];
      for (int i = 0; i < 500; i++) {
        texts[i] = text(i % 50, 20, i);
        members[i] = gzip(texts[i], i % 10);
      }
      assertArrayEquals(join(texts), inflate(join(members)));
      assertArrayEquals(join(texts), inflate(join(members), 3, 5, true, true));
    }

    @Test
    void largeAndRepetitiveTextComesBack() {
      byte[] text = new byte[5_000_000];
      Arrays.fill(text, (byte) 'x');
      assertArrayEquals(text, inflate(gzip(text, 9)));
      byte[] noise = new byte[3_000_000];
      new Random(4).nextBytes(noise);
      assertArrayEquals(noise, inflate(gzip(noise, 6)));
    }

    @Test
    void everyOptionalHeaderFieldIsRead() {
      byte[] text = text(1000, 30, 5);
      byte[] plain = gzip(text, 6);
      byte[] header = {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3};
      byte[] fields =
          join(header, new byte[] {3, 0, 1, 2, 3}, "name\0".getBytes(), "text\0".getBytes());
      byte[] file = withCrc(fields, plain);
      assertArrayEquals(text, inflate(file));
      assertArrayEquals(text, inflate(file, 1, 50, true, true));
      file[fields.length] ^= 1;
      assertBad("wrong header checksum", file);
      header[3] = 4;
      byte[] emptyExtra = join(header, new byte[2], Arrays.copyOfRange(plain, 10, plain.length));
      assertArrayEquals(text, inflate(emptyExtra));
    }

    private static byte[] withCrc(byte[] fields, byte[] plain) {
      var crc = new CRC32();
      crc.update(fields);
      byte[] two = {(byte) crc.getValue(), (byte) (crc.getValue() >>> 8)};
      return join(fields, two, Arrays.copyOfRange(plain, 10, plain.length));
    }

    @Test
    void paddingIsZeroBytesOnly() {
      byte[] text = text(1000, 30, 6);
      byte[] file = gzip(text, 6);
      assertArrayEquals(text, inflate(join(file, new byte[5000])));
      assertBad("something follows the padding", join(file, new byte[10], new byte[] {1}));
      assertBad("not a gzip file", join(file, new byte[] {7}));
    }

    @Test
    void whatEndsTooEarlyIsNotFinished() {
      byte[] file = gzip(text(1000, 30, 7), 6);
      for (int length = 0; length < file.length; length++) {
        assertBad("ends in the middle", Arrays.copyOf(file, length));
      }
      assertBad("ends in the middle", join(file, Arrays.copyOf(file, 5)));
    }

    @Test
    void aWrongChecksumOrLengthIsFound() {
      byte[] file = gzip(text(1000, 30, 8), 6);
      for (int i = 8; i >= 1; i--) {
        byte[] damaged = file.clone();
        damaged[file.length - i] ^= 0x10;
        assertBad(i > 4 ? "wrong checksum" : "wrong length", damaged);
      }
    }

    @Test
    void otherFilesAreNotGzip() {
      assertBad("not a gzip file", "hello".getBytes());
      assertBad("unknown compression method 7", new byte[] {0x1f, (byte) 0x8b, 7});
      assertBad("unknown header flags", new byte[] {0x1f, (byte) 0x8b, 8, (byte) 0x80});
      byte[] endless = new byte[100_000];
      Arrays.fill(endless, (byte) 'n');
      byte[] header = {0x1f, (byte) 0x8b, 8, 8, 0, 0, 0, 0, 0, 0};
      assertBad("a name or comment of more than 65536 bytes", join(header, endless));
      byte[] reserved =
          join(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}, new byte[] {7});
      assertThrows(InflateException.class, () -> inflate(join(reserved, new byte[100])));
    }

    @Test
    void aBrokenInflaterStaysBroken() {
      try (StreamInflater inflater = open.get()) {
        ByteBuffer out = ByteBuffer.allocate(100);
        assertThrows(
            InflateException.class, () -> inflater.inflate(ByteBuffer.wrap(new byte[] {1}), out));
        assertThrows(
            InflateException.class,
            () -> inflater.inflate(ByteBuffer.wrap(gzip(new byte[3], 1)), out));
        assertFalse(inflater.finished());
      }
    }

    @Test
    void damageEndsInAnErrorOrInTheRightText() {
      byte[] text = text(40_000, 50, 9);
      var random = new Random(10);
      for (int level : new int[] {0, 1, 6, 9}) {
        byte[] file = gzip(text, level);
        for (int round = 0; round < 300; round++) {
          byte[] damaged = file.clone();
          for (int flips = 0; flips <= random.nextInt(3); flips++) {
            damaged[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
          }
          try {
            assertArrayEquals(text, inflate(damaged, 5000, 7000, true, true));
          } catch (InflateException e) {
            assertTrue(e.getMessage().startsWith("gzip: "));
          }
        }
      }
    }

    @Test
    void deflateStreamsOfAnotherKindComeBack() {
      byte[] text = text(100_000, 40, 11);
      for (int strategy :
          new int[] {Deflater.HUFFMAN_ONLY, Deflater.FILTERED, Deflater.DEFAULT_STRATEGY}) {
        var out = new ByteArrayOutputStream();
        try (var gzip =
            new GZIPOutputStream(out, 512, true) {
              {
                def.setStrategy(strategy);
              }
            }) {
          for (int at = 0; at < text.length; at += 10_000) {
            gzip.write(text, at, 10_000);
            gzip.flush();
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        assertArrayEquals(text, inflate(out.toByteArray()));
        assertArrayEquals(text, inflate(out.toByteArray(), 13, 1000, true, true));
      }
    }

    private void assertBad(String reason, byte[] file) {
      for (int step : new int[] {1, 1000}) {
        var thrown =
            assertThrows(
                InflateException.class, () -> inflate(file, step, 4096, step == 1, true), reason);
        assertEquals("gzip: " + reason, thrown.getMessage());
      }
    }
  }
}
