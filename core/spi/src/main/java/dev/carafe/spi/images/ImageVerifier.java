package dev.carafe.spi.images;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.plugins.Deadline;

/**
 * Judges an image by its location and what is there, before anything of it is fetched. Every
 * verifier must agree.
 *
 * <h2>The daemon guarantees</h2>
 *
 * <ul>
 *   <li>A pull that is refused has fetched no blob and changed nothing.
 *   <li>An exception, a deadline and a plugin that did not start count as refusals.
 * </ul>
 */
@FunctionalInterface
public interface ImageVerifier {
  /**
   * Judges.
   *
   * @param target manifest or index, as resolved; its bytes are not here yet
   */
  @Deadline(300)
  Verdict verify(ImageLocation image, Descriptor target);

  /**
   * What a verifier says.
   *
   * @param reason for people; may be empty where {@code ok}
   */
  record Verdict(boolean ok, String reason) {}
}
