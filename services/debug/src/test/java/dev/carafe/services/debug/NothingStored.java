package dev.carafe.services.debug;

import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.NamespaceStore;
import dev.carafe.engine.stores.Stores;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The metadata of a daemon that nobody has used. */
final class NothingStored implements Metadata, NamespaceStore, GarbageCollector {
  private Consumer<Report> listener = report -> {};

  @Override
  public Stores stores(Namespace namespace) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Stores stores(Namespace namespace, String leaseId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public NamespaceStore namespaces() {
    return this;
  }

  @Override
  public GarbageCollector collector() {
    return this;
  }

  @Override
  public Map<String, String> labels(Namespace namespace) {
    return Map.of();
  }

  @Override
  public List<Namespace> list() {
    return List.of();
  }

  @Override
  public void create(Namespace namespace, Map<String, String> labels) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Map<String, String> updateLabels(
      Namespace namespace, UnaryOperator<Map<String, String>> change) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(Namespace namespace) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Report collect() {
    throw new UnsupportedOperationException();
  }

  void collected(Report report) {
    listener.accept(report);
  }

  @Override
  public void onMutation(MutationListener mutations) {}

  @Override
  public void onMountsRemoved(Runnable mounts) {}

  @Override
  public void onCollected(Consumer<Report> collections) {
    listener = collections;
  }
}
