package dev.carafe.engine.stores;

import java.util.Arrays;

/**
 * Bytes with the URL of their type, as a client sent them; kept byte for byte and never interpreted
 * by a store.
 */
public record TypedValue(String typeUrl, byte[] value) {
  @Override
  public boolean equals(Object other) {
    return other instanceof TypedValue that
        && typeUrl.equals(that.typeUrl)
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return 31 * typeUrl.hashCode() + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return "TypedValue[" + typeUrl + ", " + value.length + " bytes]";
  }
}
