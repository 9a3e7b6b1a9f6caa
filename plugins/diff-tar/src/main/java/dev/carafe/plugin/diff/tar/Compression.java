package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.errors.UnimplementedException;
import java.nio.ByteBuffer;

/** How a layer's bytes are packed. */
enum Compression {
  NONE,
  GZIP,
  ZSTD;

  private static final String OCI = "application/vnd.oci.image.layer.v1.tar";
  private static final String OCI_NONDISTRIBUTABLE =
      "application/vnd.oci.image.layer.nondistributable.v1.tar";
  private static final String DOCKER = "application/vnd.docker.image.rootfs.diff.tar";
  private static final String DOCKER_FOREIGN =
      "application/vnd.docker.image.rootfs.foreign.diff.tar";
  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int ZSTD_MAGIC = 0x28b52ffd;
  private static final int ZSTD_SKIPPABLE = 0x184d2a50;

  /**
   * What a media type says (OCI image specification, "Media Types"; Docker image manifest version
   * 2, schema 2).
   *
   * @throws UnimplementedException if it is no layer that is a tar archive
   */
  static Compression of(String mediaType) {
    return switch (mediaType) {
      case OCI, OCI_NONDISTRIBUTABLE, DOCKER, DOCKER_FOREIGN -> NONE;
      case OCI + "+gzip",
          OCI_NONDISTRIBUTABLE + "+gzip",
          DOCKER + ".gzip",
          DOCKER_FOREIGN + ".gzip" ->
          GZIP;
      case OCI + "+zstd",
          OCI_NONDISTRIBUTABLE + "+zstd",
          DOCKER + ".zstd",
          DOCKER_FOREIGN + ".zstd" ->
          ZSTD;
      default ->
          throw new UnimplementedException("media type \"" + mediaType + "\" is no tar layer");
    };
  }

  /** Whether the bytes may be packed in another way than the media type says, as Docker's may. */
  static boolean isCertain(String mediaType) {
    return mediaType.equals(OCI) || mediaType.equals(OCI_NONDISTRIBUTABLE);
  }

  /** What the first bytes of a layer say; {@link #NONE} if nothing. */
  static Compression detect(ByteBuffer start) {
    int at = start.position();
    if (start.remaining() >= 2 && (start.getShort(at) & 0xffff) == GZIP_MAGIC) {
      return GZIP;
    }
    if (start.remaining() >= 4) {
      int magic = start.getInt(at);
      boolean skippable = (Integer.reverseBytes(magic) & ~0xf) == ZSTD_SKIPPABLE;
      return magic == ZSTD_MAGIC || skippable ? ZSTD : NONE;
    }
    return NONE;
  }
}
