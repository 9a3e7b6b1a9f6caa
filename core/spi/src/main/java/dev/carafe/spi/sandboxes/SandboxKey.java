package dev.carafe.spi.sandboxes;

/** Which sandbox; both parts are identifiers. */
public record SandboxKey(String namespace, String id) {
  @Override
  public String toString() {
    return namespace + "/" + id;
  }
}
