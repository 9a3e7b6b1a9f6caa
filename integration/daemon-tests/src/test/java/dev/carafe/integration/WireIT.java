package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The same calls on containerd and on this daemon. Codes and results are compared for every call,
 * messages where a client can act on them: the words in which an argument is refused are our own.
 */
@ExtendWith(LeakCheck.class)
class WireIT {
  private static final Set<String> OWN_WORDS = Set.of("INVALID_ARGUMENT", "UNIMPLEMENTED");

  @Test
  void answersAreContainerds(Lab lab) throws Exception {
    compare(lab, Setup.tool("containerd").getParent(), false);
  }

  @Test
  void answersAreContainerd2s(Lab lab) throws Exception {
    Optional<Path> programs = Setup.newerContainerd();
    assumeTrue(
        programs.isPresent(), "containerd 2 is not below target/peers (./dev test puts it there)");
    compare(lab, programs.get(), true);
  }

  private static void compare(Lab lab, Path programs, boolean newer) throws Exception {
    // Given
    Map<String, String> theirs;
    try (PeerContainerd peer = PeerContainerd.start(lab.directory("peer"), programs)) {
      theirs = WireScript.run(peer.api(), newer);
    }
    // When
    Map<String, String> ours = WireScript.run(lab.daemon().api(), newer);
    // Then
    Map<String, String> differences = new TreeMap<>();
    theirs.forEach((call, answer) -> {
      String own = ours.getOrDefault(call, "not called");
      boolean same =
          WireDifferences.words(call)
              ? code(answer).equals(code(own))
              : comparable(answer).equals(comparable(own));
      if (!same && !WireDifferences.wanted(call, newer)) {
        differences.put(call, "\ncontainerd: " + answer + "\nthis:       " + own + "\n");
      }
    });
    assertEquals(Map.of(), differences);
  }

  private static String code(String answer) {
    int end = answer.indexOf(' ');
    return end < 0 ? answer : answer.substring(0, end);
  }

  /** Clients cut the name of the code from the end of a message. */
  private static String comparable(String answer) {
    String code = code(answer);
    if (OWN_WORDS.contains(code)) {
      return code;
    }
    return answer.replaceAll(
        "(: (failed precondition|not found|already exists|unavailable))+$", "");
  }
}
