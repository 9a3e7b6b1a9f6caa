package dev.carafe.ctr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {
  private static final String OCI = "application/vnd.oci.image.layer.v1.tar";
  private static final String DOCKER = "application/vnd.docker.image.rootfs.diff.tar";

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 128 << 10, 1_000_000})
  void whatIsPackedComesBack(int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    // Half of it compresses.
    Arrays.fill(bytes, size / 2, size, (byte) 7);

    byte[] packed = Packing.ZSTD.pack(new ByteArrayInputStream(bytes)).readAllBytes();

    assertTrue(packed.length < size / 2 + 1000, "packed into " + packed.length);
    assertArrayEquals(bytes, Packing.ZSTD.unpack(new ByteArrayInputStream(packed)).readAllBytes());
  }

  @Test
  void packedStreamsCanBeReadInAnyPieces() throws IOException {
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);
    byte[] whole = Packing.ZSTD.pack(new ByteArrayInputStream(bytes)).readAllBytes();

    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    try (InputStream in = Packing.ZSTD.pack(new ByteArrayInputStream(bytes))) {
      pieces.write(in.read());
      for (byte[] part = in.readNBytes(777); part.length > 0; part = in.readNBytes(777)) {
        pieces.writeBytes(part);
      }
    }

    assertArrayEquals(whole, pieces.toByteArray());
  }

  @Test
  void gzipIsUnpacked() throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(new byte[] {1, 2, 3});
    }

    assertArrayEquals(
        new byte[] {1, 2, 3},
        Packing.GZIP.unpack(new ByteArrayInputStream(gzip.toByteArray())).readAllBytes());
  }

  @Test
  void rubbishIsNoZstd() {
    assertThrows(
        IOException.class,
        () -> Packing.ZSTD.unpack(new ByteArrayInputStream(new byte[] {1, 2, 3, 4})).read());
  }

  @ParameterizedTest
  @CsvSource({
    OCI + "+gzip,GZIP",
    OCI + "+zstd,ZSTD",
    OCI + ",NONE",
    DOCKER + ".gzip,GZIP",
    DOCKER + ",NONE"
  })
  void mediaTypesSayHowLayersArePacked(String mediaType, Packing packing) {
    assertEquals(packing, Packing.of(mediaType));
  }

  @ParameterizedTest
  @CsvSource({
    OCI + "+gzip," + OCI + "+zstd," + OCI,
    OCI + "," + OCI + "+zstd," + OCI,
    OCI + "+zstd," + OCI + "+zstd," + OCI,
    DOCKER + ".gzip," + DOCKER + "+zstd," + DOCKER
  })
  void mediaTypesFollow(String before, String zstd, String none) {
    assertEquals(zstd, Packing.ZSTD.mediaType(before));
    assertEquals(none, Packing.NONE.mediaType(before));
  }
}
