package dev.carafe.metadata;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.snapshots.Snapshotter;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Kills the daemon before or after the n-th call of anything that lasts: a transaction, or a change
 * of a back end. Every call after that fails too, since nobody is left to make it.
 */
final class CrashPoints {
  /** The daemon is dead. An error, so that nobody handles it. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash() {
      super("the daemon was killed", null, false, false);
    }
  }

  private static final Set<String> LASTING =
      Set.of(
          "update",
          "prepare",
          "view",
          "commit",
          "remove",
          "updateLabels",
          "delete",
          "abort",
          "writer",
          "write",
          "truncate");

  private final int fatal;
  private final AtomicInteger steps = new AtomicInteger();
  private final Queue<ContentWriter> writers = new ConcurrentLinkedQueue<>();
  private volatile boolean dead;

  /**
   * @param fatal the step at which everything ends, from 1 on: an odd one before, an even one after
   *     a call
   */
  CrashPoints(int fatal) {
    this.fatal = fatal;
  }

  boolean crashed() {
    return dead;
  }

  MetadataDatabase database(MetadataDatabase target) {
    return mortal(MetadataDatabase.class, target);
  }

  ContentStore content(ContentStore target) {
    return mortal(ContentStore.class, target);
  }

  Snapshotter snapshotter(Snapshotter target) {
    return mortal(Snapshotter.class, target);
  }

  /** What the kernel does for the dead: releases their locks. */
  void bury() {
    writers.forEach(ContentWriter::close);
  }

  private void step() {
    if (steps.incrementAndGet() == fatal) {
      dead = true;
    }
    requireAlive();
  }

  private void requireAlive() {
    if (dead) {
      throw new Crash();
    }
  }

  private <T> T mortal(Class<T> type, T target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              if (method.getName().equals("deleteAll")) {
                return InvocationHandler.invokeDefault(self, method, arguments);
              }
              boolean lasting =
                  LASTING.contains(method.getName())
                      && !(type == MetadataDatabase.class && method.getName().equals("view"));
              if (lasting) {
                step();
              } else {
                requireAlive();
              }
              Object result = Calls.invoke(target, method, arguments);
              if (result instanceof ContentWriter writer) {
                writers.add(writer);
                result = mortal(ContentWriter.class, writer);
              }
              if (lasting) {
                step();
              }
              return result;
            }));
  }
}
