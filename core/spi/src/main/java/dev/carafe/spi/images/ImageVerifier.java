package dev.carafe.spi.images;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.plugins.Deadline;
import java.util.List;

/**
 * Judges an image by its location and what is there, before anything of it is fetched. Every
 * verifier must agree.
 *
 * <h2>The daemon guarantees</h2>
 *
 * <ul>
 *   <li>A pull that is refused has stored nothing and changed nothing.
 *   <li>An exception, a deadline and a plugin that did not start count as refusals.
 * </ul>
 *
 * <h2>You guarantee</h2>
 *
 * <ul>
 *   <li>What cannot be judged is not accepted.
 *   <li>Many judgements at once; an interrupt ends one, which is then none.
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
   * Judges, with more to go by.
   *
   * @param pull what for
   */
  @Deadline(300)
  default Verdict verify(ImageLocation image, Descriptor target, Pull pull) {
    return verify(image, target);
  }

  /**
   * What an image is wanted for.
   *
   * @param platforms what is taken of an index, best first; empty means all
   * @param source how the image's place is reached, with the credentials of whoever pulls; for what
   *     belongs to the image only
   * @param documents reads the indexes and manifests of the image
   */
  record Pull(List<Platform> platforms, SourceOptions source, Documents documents) {
    /** Nothing is known. */
    public static final Pull UNKNOWN =
        new Pull(
            List.of(),
            SourceOptions.DEFAULT,
            descriptor -> {
              throw new NotFoundException("document " + descriptor.digest() + ": not found");
            });

    public Pull {
      platforms = List.copyOf(platforms);
    }
  }

  /** The documents of an image, wherever they are. */
  @FunctionalInterface
  interface Documents {
    /**
     * The whole document; its digest has been checked.
     *
     * @throws NotFoundException if it is nowhere
     * @throws ResourceExhaustedException if it is larger than documents may be
     * @throws DataLossException if it is not what its descriptor says
     */
    byte[] read(Descriptor document);
  }

  /**
   * What a verifier says.
   *
   * @param reason for people; may be empty where {@code ok}
   */
  record Verdict(boolean ok, String reason) {}
}
