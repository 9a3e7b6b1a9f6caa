package dev.carafe.plugin.content.local;

import dev.carafe.spi.content.Digest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the store keeps what, as containerd's does. The only place that knows.
 *
 * <pre>
 * ROOT/
 *   blobs/
 *     sha256/HEX, sha512/HEX   a blob; its bytes were forced to the medium before it had this name
 *   ingest/
 *     HASH/                    an unfinished blob; HASH is the SHA-256 of its ref, in hex
 *       data                   what was written so far
 *       ref                    the ref
 *       total                  expected bytes, decimal, 0 if unknown
 *       startedat, updatedat   times, RFC 3339
 *     .X/                      an ingest being made or thrown away; removed at the next start
 * </pre>
 */
record ContentLayout(Path root) {
  static final List<String> ALGORITHMS = List.of("sha256", "sha512");

  Path blobs() {
    return root.resolve("blobs");
  }

  Path blobs(String algorithm) {
    return blobs().resolve(algorithm);
  }

  Path blob(Digest digest) {
    return blobs(digest.algorithm()).resolve(digest.hex());
  }

  Path ingests() {
    return root.resolve("ingest");
  }

  Path ingest(String ref) {
    return ingests().resolve(Digest.of(ref.getBytes(StandardCharsets.UTF_8)).hex());
  }

  Path scratch(String name) {
    return ingests().resolve("." + name);
  }

  static boolean isScratch(Path ingest) {
    return String.valueOf(ingest.getFileName()).startsWith(".");
  }
}
