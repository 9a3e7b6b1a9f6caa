package dev.carafe.plugin.restart;

import dev.carafe.engine.stores.Namespace;

/** A container by its full name. */
record Workload(Namespace namespace, String id) {
  @Override
  public String toString() {
    return namespace + "/" + id;
  }
}
