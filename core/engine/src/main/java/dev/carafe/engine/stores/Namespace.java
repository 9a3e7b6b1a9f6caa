package dev.carafe.engine.stores;

/** A name under which metadata is kept apart; an identifier (containerd, "namespaces"). */
public record Namespace(String name) {
  public Namespace {
    Identifiers.check("namespace", name);
  }

  @Override
  public String toString() {
    return name;
  }
}
