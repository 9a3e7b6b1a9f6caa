package dev.carafe.plugin.diff.tar;

import dev.carafe.linux.Hashing;
import dev.carafe.spi.content.Digest;
import java.security.MessageDigest;

/** The stage that names the uncompressed archive. */
final class ArchiveHash {
  private ArchiveHash() {}

  static Digest of(Handoff<Chunk> chunks) throws InterruptedException {
    MessageDigest sha256 = Hashing.open("sha256");
    ChunkFan.forEach(chunks, chunk -> sha256.update(chunk.view()));
    return Digest.finish("sha256", sha256.digest());
  }
}
