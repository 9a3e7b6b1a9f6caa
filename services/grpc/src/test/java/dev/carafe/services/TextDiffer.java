package dev.carafe.services;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.diffs.AppliedLayer;
import dev.carafe.spi.diffs.ApplyRequest;
import dev.carafe.spi.diffs.DiffRequest;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Knows uncompressed layers only, and makes no files of them: any text is an archive. */
final class TextDiffer implements Differ {
  /** What was applied, as text. */
  final List<String> applied = new CopyOnWriteArrayList<>();

  @Override
  public AppliedLayer apply(ApplyRequest request, InputStream archive) {
    if (!request.layer().mediaType().equals(MediaTypes.OCI_LAYER)) {
      throw new UnimplementedException(request.layer().mediaType());
    }
    try {
      byte[] bytes = archive.readAllBytes();
      applied.add(new String(bytes, UTF_8));
      return new AppliedLayer(Digest.of(bytes), bytes.length, false);
    } catch (IOException e) {
      throw new UnavailableException("layer: " + e.getMessage(), e);
    }
  }

  @Override
  public Digest diff(DiffRequest request, OutputStream archive) {
    if (!request.mediaType().startsWith(MediaTypes.OCI_LAYER)) {
      throw new UnimplementedException(request.mediaType());
    }
    byte[] bytes =
        ("from " + request.lower().size() + " to " + request.upper().size()).getBytes(UTF_8);
    try {
      archive.write(bytes);
    } catch (IOException e) {
      throw new UnavailableException("diff: " + e.getMessage(), e);
    }
    return Digest.of("uncompressed".getBytes(UTF_8));
  }
}
