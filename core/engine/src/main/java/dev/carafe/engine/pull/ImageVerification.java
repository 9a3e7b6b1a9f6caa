package dev.carafe.engine.pull;

import dev.carafe.oci.ImageDocument;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.ImageVerifier.Pull;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks every verifier about an image, in the order of their ids: all must agree. */
public final class ImageVerification {
  private static final Logger LOG = LoggerFactory.getLogger(ImageVerification.class);
  private static final int REASON_LIMIT = 1024;

  /** Without verifiers every image is fine. */
  public static final ImageVerification NONE = new ImageVerification(Map.of(), Map.of(), List.of());

  private final Map<String, ImageVerifier> verifiers;
  private final Map<String, String> failed;
  private final List<String> needed;

  /**
   * @param verifiers by id; may be a live view
   * @param failed why those could not be made that are there as well, by id; may be a live view
   * @param needed ids of those without which nothing is good
   */
  public ImageVerification(
      Map<String, ImageVerifier> verifiers, Map<String, String> failed, List<String> needed) {
    this.verifiers = verifiers;
    this.failed = failed;
    this.needed = List.copyOf(needed);
  }

  /**
   * Returns if all verifiers agree.
   *
   * @param pull what for
   * @throws PermissionDeniedException if one refuses; the message names it, the image and why
   * @throws FailedPreconditionException if one cannot be asked or does not answer: nobody has said
   *     that the image is good
   */
  public void check(ImageLocation name, Descriptor target, Pull pull) {
    Map<String, ImageVerifier> now = new TreeMap<>(verifiers);
    for (String id : needed) {
      if (!now.containsKey(id)) {
        throw new FailedPreconditionException(
            what(id, name, target) + ": no verdict: it is not running");
      }
    }
    failed.forEach((id, why) -> {
      throw new FailedPreconditionException(
          what(id, name, target) + ": no verdict: it could not be made: " + printable(why));
    });
    now.forEach((id, verifier) -> {
      Verdict verdict = ask(id, verifier, name, target, pull);
      if (!verdict.ok()) {
        throw new PermissionDeniedException(
            what(id, name, target) + ": refused: " + printable(verdict.reason()));
      }
      LOG.debug("{}: {}", what(id, name, target), printable(verdict.reason()));
    });
  }

  private static Verdict ask(
      String id, ImageVerifier verifier, ImageLocation name, Descriptor target, Pull pull) {
    try {
      return verifier.verify(name, target, pull);
    } catch (CancelledException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new FailedPreconditionException(
          what(id, name, target) + ": no verdict: " + e.getMessage(), e);
    }
  }

  /** Reads a document from where the image is, and keeps it nowhere. */
  static byte[] read(Repository from, Descriptor document) {
    String what = "document " + document.digest();
    if (document.size() > ImageDocument.LIMIT) {
      throw new ResourceExhaustedException(
          what + " of " + document.size() + " bytes is larger than " + ImageDocument.LIMIT);
    }
    byte[] bytes;
    try (InputStream in = from.fetch(document, 0)) {
      bytes = in.readNBytes((int) document.size() + 1);
    } catch (InterruptedIOException e) {
      throw new CancelledException(what + ": cancelled", e);
    } catch (IOException e) {
      throw new UnavailableException(what + ": " + e.getMessage(), e);
    }
    Digest digest = document.digest();
    byte[] hash = Digest.hasher(digest.algorithm()).digest(bytes);
    if (!Digest.finish(digest.algorithm(), hash).equals(digest)) {
      throw new DataLossException(what + " is not what came");
    }
    return bytes;
  }

  private static String what(String id, ImageLocation name, Descriptor target) {
    return "image verifier " + id + ", image \"" + name + "\" with digest " + target.digest();
  }

  private static String printable(String reason) {
    String clean = reason.strip().replaceAll("\\p{Cntrl}+", " ");
    return clean.length() > REASON_LIMIT ? clean.substring(0, REASON_LIMIT) + "..." : clean;
  }
}
