package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.UnimplementedException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
  @ParameterizedTest
  @CsvSource({
    "application/vnd.oci.image.layer.v1.tar, NONE",
    "application/vnd.oci.image.layer.v1.tar+gzip, GZIP",
    "application/vnd.oci.image.layer.v1.tar+zstd, ZSTD",
    "application/vnd.oci.image.layer.nondistributable.v1.tar, NONE",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip, GZIP",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd, ZSTD",
    "application/vnd.docker.image.rootfs.diff.tar, NONE",
    "application/vnd.docker.image.rootfs.diff.tar.gzip, GZIP",
    "application/vnd.docker.image.rootfs.diff.tar.zstd, ZSTD",
    "application/vnd.docker.image.rootfs.foreign.diff.tar, NONE",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip, GZIP"
  })
  void mediaTypesOfLayers(String mediaType, Compression compression) {
    assertEquals(compression, Compression.of(mediaType));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "application/vnd.oci.image.layer.v1.erofs",
        "application/octet-stream"
      })
  void otherMediaTypes(String mediaType) {
    assertThrows(UnimplementedException.class, () -> Compression.of(mediaType));
  }

  @ParameterizedTest
  @CsvSource({
    "1f8b08, GZIP",
    "28b52ffd00, ZSTD",
    "502a4d1800, ZSTD",
    "5f2a4d1800, ZSTD",
    "602a4d1800, NONE",
    "28b5, NONE",
    "1f, NONE",
    "'', NONE",
    "68656c6c6f, NONE"
  })
  void bytesTell(String start, Compression compression) {
    assertEquals(compression, Compression.detect(ByteBuffer.wrap(HexFormat.of().parseHex(start))));
  }
}
