package dev.carafe.linux;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A few objects to use again, without locks; what does not fit is left to the garbage collector.
 */
final class Pool<T> {
  private final AtomicReferenceArray<@Nullable T> slots;

  Pool(int slots) {
    this.slots = new AtomicReferenceArray<>(slots);
  }

  /** One that nobody uses; null if there is none. */
  @Nullable T take() {
    int start = start();
    for (int i = 0; i < slots.length(); i++) {
      int slot = (start + i) % slots.length();
      if (slots.get(slot) != null) {
        T taken = slots.getAndSet(slot, null);
        if (taken != null) {
          return taken;
        }
      }
    }
    return null;
  }

  void give(T unused) {
    int start = start();
    for (int i = 0; i < slots.length(); i++) {
      int slot = (start + i) % slots.length();
      if (slots.get(slot) == null && slots.compareAndSet(slot, null, unused)) {
        return;
      }
    }
  }

  private int start() {
    return (int) (Thread.currentThread().threadId() % slots.length());
  }
}
