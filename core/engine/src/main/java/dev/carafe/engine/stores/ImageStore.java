package dev.carafe.engine.stores;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.NotFoundException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Images of one namespace. Changes are durable on return and then published as events. */
public interface ImageStore {
  /**
   * One image.
   *
   * @throws NotFoundException {@code image "N": not found}
   */
  Image get(String name);

  /** All images by name. */
  List<Image> list();

  /**
   * Adds an image.
   *
   * @param createdAt when, or null for now
   * @throws AlreadyExistsException {@code image "N": already exists}
   */
  Image create(Image image, java.time.@Nullable Instant createdAt);

  /**
   * Replaces an image with what {@code change} makes of it, atomically; name and creation time
   * stay.
   *
   * @throws NotFoundException {@code image "N": not found}
   */
  Image update(String name, UnaryOperator<Image> change);

  /** Creates, or replaces target and labels. */
  Image put(Image image);

  /**
   * Removes a name; content goes with the next garbage collection.
   *
   * @param target if not null, the image must point there
   * @throws NotFoundException if there is no such image, or it points elsewhere
   */
  void delete(String name, @Nullable Digest target);
}
