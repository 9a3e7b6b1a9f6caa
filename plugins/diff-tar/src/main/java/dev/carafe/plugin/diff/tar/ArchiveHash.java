package dev.carafe.plugin.diff.tar;

import dev.carafe.spi.content.Digest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/** The stage that names the uncompressed archive. */
final class ArchiveHash {
  /** Fits the first cache; a digest of a direct buffer would copy 4 KiB at a time. */
  private static final int STEP = 32 * 1024;

  private ArchiveHash() {}

  static Digest of(Handoff<Chunk> chunks) throws InterruptedException {
    MessageDigest sha256 = Digest.hasher("sha256");
    byte[] step = new byte[STEP];
    ChunkFan.forEach(
        chunks,
        chunk -> {
          ByteBuffer bytes = chunk.view();
          while (bytes.hasRemaining()) {
            int length = Math.min(STEP, bytes.remaining());
            bytes.get(step, 0, length);
            sha256.update(step, 0, length);
          }
        });
    return Digest.finish("sha256", sha256.digest());
  }
}
