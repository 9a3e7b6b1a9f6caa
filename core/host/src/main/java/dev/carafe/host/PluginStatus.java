package dev.carafe.host;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One plugin as introspection shows it, or a jar that no plugin could be made of.
 *
 * @param uri {@code TYPE.ID}
 * @param type the kind; {@link #JAR} for a jar that brought no plugin
 * @param id unique within the kind; for a jar its file name
 * @param requires the kinds that must be up before
 * @param initTime how long creation took
 * @param error why it is not running, or null
 * @param warnings what the operator should know of a plugin that runs nevertheless
 * @param jar where its factory comes from
 */
public record PluginStatus(
    String uri,
    String type,
    String id,
    List<String> requires,
    boolean essential,
    State state,
    Duration initTime,
    @Nullable String error,
    List<String> warnings,
    List<String> capabilities,
    Map<String, String> exports,
    String jar,
    CallCounters calls) {
  /** The kind under which jars are listed that no plugin could be loaded from. */
  public static final String JAR = "dev.carafe.jar.v1";

  private static final int KEEPS_FAILING = 5;

  public PluginStatus {
    requires = List.copyOf(requires);
    warnings = List.copyOf(warnings);
    capabilities = List.copyOf(capabilities);
    exports = Map.copyOf(exports);
  }

  /** What is wrong with it in one line, or null: it failed, or its calls do again and again. */
  public @Nullable String problem() {
    if (state == State.FAILED) {
      return uri + ": " + error;
    }
    return state == State.RUNNING && calls.badInARow() >= KEEPS_FAILING
        ? uri
            + ": its last "
            + calls.badInARow()
            + " calls failed; of "
            + calls.calls()
            + ", "
            + calls.failures()
            + " failed, "
            + calls.deadlineHits()
            + " did not return in time and "
            + calls.refused()
            + " found no place"
        : null;
  }

  /** Where a plugin stands. */
  public enum State {
    /** Not created yet. */
    WAITING,
    /** Up. */
    RUNNING,
    /** Could not be loaded or created; {@link PluginStatus#error} says why. */
    FAILED,
    /** Switched off in the configuration. */
    DISABLED,
    /** Closed with the daemon. */
    CLOSED
  }
}
