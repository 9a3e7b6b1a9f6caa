package dev.carafe.spi.metadata;

/**
 * The keys that begin with {@code prefix} and are not before {@code from} in the order of UTF-8
 * bytes. An empty string sets no bound.
 *
 * @param prefix what every key begins with
 * @param from the first key that is wanted; need not exist nor begin with {@code prefix}
 */
public record KeyRange(String prefix, String from) {

  /** Every key. */
  public static final KeyRange ALL = new KeyRange("", "");

  /** The keys that begin with {@code prefix}. */
  public static KeyRange withPrefix(String prefix) {
    return new KeyRange(prefix, "");
  }

  /** The keys from {@code key} on, itself included. */
  public static KeyRange startingAt(String key) {
    return new KeyRange("", key);
  }

  /** The keys behind {@code key}: where to go on after a page that ended there. */
  public static KeyRange after(String key) {
    return new KeyRange("", key + '\0');
  }
}
