package dev.carafe.plugin.sandbox.pod;

import dev.carafe.spi.sandboxes.SandboxExit;
import java.util.concurrent.CompletableFuture;

/** A sandbox that is known. */
final class Pod {
  private final CompletableFuture<SandboxExit> exit = new CompletableFuture<>();
  private volatile PodRecord record;

  Pod(PodRecord record) {
    this.record = record;
    become(record);
  }

  PodRecord record() {
    return record;
  }

  /** Its end, whether it has come or not. */
  CompletableFuture<SandboxExit> exit() {
    return exit;
  }

  void become(PodRecord next) {
    record = next;
    SandboxExit end = next.exit();
    if (end != null) {
      exit.complete(end);
    }
  }
}
