package dev.carafe.engine.pull;

import dev.carafe.spi.content.Descriptor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Is told how a flow goes on. Called from many threads; must be cheap and must not throw. */
@FunctionalInterface
public interface Progress {
  Progress NONE = step -> {};

  void report(Step step);

  /**
   * Where one piece of work stands. The words are containerd's: {@code waiting}, {@code
   * downloading}, {@code complete}, {@code already exists}, {@code extracting}, {@code extracted},
   * {@code saved}.
   *
   * @param name of the piece: {@code KIND-DIGEST}, or the image's name
   * @param parents names of the pieces that it belongs to
   * @param done bytes
   * @param total bytes, 0 if unknown
   */
  record Step(
      String event,
      String name,
      List<String> parents,
      long done,
      long total,
      @Nullable Descriptor descriptor) {
    public Step {
      parents = List.copyOf(parents);
    }
  }
}
