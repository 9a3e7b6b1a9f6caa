package dev.carafe.testkit;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a test class inside a test and says which of its checks failed. */
public final class SuiteRun {
  private static final Pattern ID = Pattern.compile("[A-Z]{2,10}-[A-Z]{2,10}-[0-9]{2}");

  private final Map<String, Throwable> failures = new TreeMap<>();
  private int tests;

  private SuiteRun() {}

  public static SuiteRun of(Class<?> suite) {
    SuiteRun run = new SuiteRun();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectClass(suite))
            .build();
    LauncherFactory.create().execute(request, run.new Listener());
    return run;
  }

  /** Ids of the checks that failed; the display name where it has none. */
  public Set<String> failed() {
    return failures.keySet();
  }

  public String message(String id) {
    return String.valueOf(failures.get(id).getMessage());
  }

  public int tests() {
    return tests;
  }

  private final class Listener implements TestExecutionListener {
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (test.isTest()) {
        tests++;
      }
      result
          .getThrowable()
          .filter(_ -> result.getStatus() == TestExecutionResult.Status.FAILED)
          .ifPresent(failure -> failures.put(id(test.getDisplayName()), failure));
    }

    private static String id(String displayName) {
      Matcher id = ID.matcher(displayName);
      return id.find() ? id.group() : displayName;
    }
  }
}
