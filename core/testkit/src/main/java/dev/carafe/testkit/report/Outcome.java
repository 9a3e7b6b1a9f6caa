package dev.carafe.testkit.report;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;

/**
 * What came of one check.
 *
 * @param id of the check, such as {@code SNAP-LIFE-01}
 * @param claim what is checked
 * @param reason why it failed or was skipped; empty if it passed
 */
public record Outcome(String id, String claim, Result result, String reason) {
  private static final Pattern DISPLAY =
      Pattern.compile("([A-Z]{2,10}(?:-[A-Z]{2,8})?-[0-9]{2}) (.*)", Pattern.DOTALL);
  private static final int LONGEST = 2000;

  public Outcome {
    reason = reason.length() > LONGEST ? reason.substring(0, LONGEST) + "..." : reason;
  }

  /** How a check ended. */
  public enum Result {
    PASSED,
    FAILED,
    SKIPPED
  }

  /** Whether a test's name begins with the id of a check. */
  static boolean isCheck(String displayName) {
    return DISPLAY.matcher(displayName).matches();
  }

  /** Of a test that JUnit ran, under the name that it shows. */
  static Outcome of(String displayName, TestExecutionResult result) {
    String reason = result.getThrowable().map(Throwable::toString).orElse("");
    return of(
        displayName,
        switch (result.getStatus()) {
          case SUCCESSFUL -> Result.PASSED;
          case FAILED -> Result.FAILED;
          case ABORTED -> Result.SKIPPED;
        },
        reason);
  }

  static Outcome of(String displayName, Result result, String reason) {
    Matcher display = DISPLAY.matcher(displayName);
    return display.matches()
        ? new Outcome(display.group(1), display.group(2), result, reason)
        : new Outcome("", displayName, result, reason);
  }
}
