package dev.carafe.plugin.restart;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.ProcessStatus;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a container is to be restarted, by its label {@code containerd.io/restart.policy}. */
sealed interface RestartPolicy {
  /** What to do about a container. */
  enum Decision {
    NOTHING,
    START,
    STOP
  }

  /** Never: also what the label means when nobody can read it. */
  record No() implements RestartPolicy {}

  /** Whatever the exit code. */
  record Always() implements RestartPolicy {}

  /**
   * After an exit code other than 0.
   *
   * @param most restarts; 0 for no limit
   */
  record OnFailure(int most) implements RestartPolicy {}

  /** Unless a person stopped it. */
  record UnlessStopped() implements RestartPolicy {}

  Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

  /**
   * Reads {@code no}, {@code always}, {@code on-failure[:N]} or {@code unless-stopped}; empty means
   * {@code always}.
   *
   * @throws InvalidArgumentException if it is none of these
   */
  static RestartPolicy parse(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    if (colon >= 0 && !name.equals("on-failure")) {
      throw unknown(text);
    }
    return switch (name) {
      case "", "always" -> new Always();
      case "no" -> new No();
      case "unless-stopped" -> new UnlessStopped();
      case "on-failure" -> new OnFailure(colon < 0 ? 0 : number(text, text.substring(colon + 1)));
      default -> throw unknown(text);
    };
  }

  private static int number(String text, String digits) {
    if (!digits.matches("[0-9]{1,9}")) {
      throw unknown(text);
    }
    return Integer.parseInt(digits);
  }

  private static InvalidArgumentException unknown(String text) {
    String shown = text.length() > 64 ? text.substring(0, 64) + "..." : text;
    return new InvalidArgumentException(
        "restart policy \""
            + shown.replaceAll("\\p{Cntrl}", "?")
            + "\" is none of no, always, on-failure[:N], unless-stopped");
  }

  /**
   * What a container's labels want.
   *
   * @param status of its task; null if it has none
   * @throws InvalidArgumentException if the policy cannot be read
   */
  static Decision decide(Map<String, String> labels, @Nullable ProcessStatus status) {
    return switch (labels.getOrDefault(RestartLabels.STATUS, "")) {
      case "running" ->
          mayStart(status)
                  && parse(labels.getOrDefault(RestartLabels.POLICY, "")).wants(labels, status)
              ? Decision.START
              : Decision.NOTHING;
      case "stopped" -> mayStop(status) ? Decision.STOP : Decision.NOTHING;
      default -> Decision.NOTHING;
    };
  }

  private static boolean mayStart(@Nullable ProcessStatus status) {
    return switch (status) {
      case null -> true;
      case ProcessStatus.Created _, ProcessStatus.Stopped _ -> true;
      case ProcessStatus.Running _,
          ProcessStatus.Pausing _,
          ProcessStatus.Paused _,
          ProcessStatus.Unknown _ ->
          false;
    };
  }

  private static boolean mayStop(@Nullable ProcessStatus status) {
    return switch (status) {
      case null -> false;
      case ProcessStatus.Stopped _, ProcessStatus.Unknown _ -> false;
      case ProcessStatus.Created _,
          ProcessStatus.Running _,
          ProcessStatus.Pausing _,
          ProcessStatus.Paused _ ->
          true;
    };
  }

  private boolean wants(Map<String, String> labels, @Nullable ProcessStatus status) {
    return switch (this) {
      case No _ -> false;
      case Always _ -> true;
      case UnlessStopped _ ->
          !TRUE.contains(labels.getOrDefault(RestartLabels.EXPLICITLY_STOPPED, ""));
      // A task that is gone has taken its exit code along; a restart that was begun is counted.
      case OnFailure limit ->
          status instanceof ProcessStatus.Stopped stopped
              ? stopped.exit().code() != 0 && (limit.most == 0 || count(labels) < limit.most)
              : labels.containsKey(RestartLabels.PENDING);
    };
  }

  /** How often it was restarted; what nobody can read counts as never. */
  static long count(Map<String, String> labels) {
    String text = labels.getOrDefault(RestartLabels.COUNT, "");
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
  }
}
