package dev.carafe.metadata;

import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.ImageStore;
import dev.carafe.engine.stores.Labels;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.metadata.WritableBucket;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Images of one namespace in the database. */
final class ImageTable implements ImageStore {
  private final Ledger ledger;
  private final String namespace;
  private final String lease;

  /**
   * @param lease holds images that expire; an id, or empty for none
   */
  ImageTable(Ledger ledger, String namespace, String lease) {
    this.ledger = ledger;
    this.namespace = namespace;
    this.lease = lease;
  }

  @Override
  public Image get(String name) {
    return ledger.view(tx -> found(name, Schema.get(Schema.images(tx, namespace), name)));
  }

  @Override
  public List<Image> list() {
    return Pages.all(ledger, tx -> Schema.images(tx, namespace), Formats.IMAGE);
  }

  @Override
  public Image create(Image image, @Nullable Instant createdAt) {
    Image checked = checked(image);
    // The lease holds the image that is there as well, so the transaction must not fail.
    Optional<Image> created =
        ledger.change(change -> {
          WritableBucket images = images(change);
          holdIfExpiring(change, checked);
          if (images.get(checked.name()) != null) {
            return Optional.<Image>empty();
          }
          return Optional.of(insert(change, images, checked, createdAt));
        });
    return created.orElseThrow(
        () -> new AlreadyExistsException("image \"" + image.name() + "\": already exists"));
  }

  @Override
  public Image update(String name, UnaryOperator<Image> change) {
    return ledger.change(to -> {
      WritableBucket images = images(to);
      Image old = found(name, Schema.get(images, name));
      return replace(to, images, old, checked(renamed(change.apply(old), name)));
    });
  }

  @Override
  public Image put(Image image) {
    Image checked = checked(image);
    return ledger.change(change -> {
      WritableBucket images = images(change);
      holdIfExpiring(change, checked);
      byte[] present = images.get(checked.name());
      return present == null
          ? insert(change, images, checked, null)
          : replace(change, images, found(checked.name(), present), checked);
    });
  }

  @Override
  public void delete(String name, @Nullable Digest target) {
    ledger.change(change -> {
      WritableBucket images = images(change);
      Image image = found(name, Schema.get(images, name));
      if (target != null && !image.target().digest().equals(target)) {
        throw new NotFoundException(
            "image \""
                + name
                + "\" has the target "
                + image.target().digest()
                + ", not "
                + target
                + ": not found");
      }
      images.delete(name);
      change.release(namespace, lease, Resources.image(name));
      change.deletes();
      change.publish(namespace, new Event.ImageDeleted(name));
      return null;
    });
  }

  private WritableBucket images(Change change) {
    return Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.IMAGES);
  }

  private Image insert(
      Change change, WritableBucket images, Image image, @Nullable Instant createdAt) {
    Image stored =
        new Image(
            image.name(),
            image.labels(),
            image.target(),
            createdAt == null ? change.now() : createdAt,
            createdAt == null ? change.now() : createdAt);
    images.put(stored.name(), Formats.IMAGE.encode(stored));
    change.touch(Node.image(namespace, stored.name()));
    change.publish(namespace, new Event.ImageCreated(stored.name(), stored.labels()));
    return stored;
  }

  private Image replace(Change change, WritableBucket images, Image old, Image image) {
    Image stored =
        new Image(old.name(), image.labels(), image.target(), old.createdAt(), change.now());
    images.put(stored.name(), Formats.IMAGE.encode(stored));
    change.touch(Node.image(namespace, stored.name()));
    if (!stored.target().digest().equals(old.target().digest())
        || !stored.labels().equals(old.labels())) {
      change.deletes();
    }
    change.publish(namespace, new Event.ImageUpdated(stored.name(), stored.labels()));
    return stored;
  }

  private void holdIfExpiring(Change change, Image image) {
    if (image.labels().containsKey(Labels.GC_EXPIRE)) {
      change.hold(namespace, lease, Resources.image(image.name()));
    }
  }

  private static Image renamed(Image image, String name) {
    return new Image(name, image.labels(), image.target(), image.createdAt(), image.updatedAt());
  }

  private static Image checked(Image image) {
    if (image.name().isEmpty()) {
      throw new InvalidArgumentException("image name must not be empty");
    }
    Descriptor target = image.target();
    if (target.size() <= 0) {
      throw new InvalidArgumentException(
          "image \"" + image.name() + "\": target size " + target.size() + " is not positive");
    }
    if (target.mediaType().isEmpty()) {
      throw new InvalidArgumentException(
          "image \"" + image.name() + "\": target media type must not be empty");
    }
    return new Image(
        image.name(), Labels.checked(image.labels()), target, image.createdAt(), image.updatedAt());
  }

  private static Image found(String name, byte @Nullable [] value) {
    Image image = Formats.IMAGE.decodeOrNull(name, value);
    if (image == null) {
      throw new NotFoundException("image \"" + name + "\": not found");
    }
    return image;
  }
}
