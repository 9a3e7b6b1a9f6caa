package dev.carafe.spi.sandboxes;

import java.util.Arrays;

/** Bytes with the URL of their type, as a client sent them; kept byte for byte. */
public record SandboxValue(String typeUrl, byte[] value) {
  @Override
  public boolean equals(Object other) {
    return other instanceof SandboxValue that
        && typeUrl.equals(that.typeUrl)
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return 31 * typeUrl.hashCode() + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return "SandboxValue[" + typeUrl + ", " + value.length + " bytes]";
  }
}
