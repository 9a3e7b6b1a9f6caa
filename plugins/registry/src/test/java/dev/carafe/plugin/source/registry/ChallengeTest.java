package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ChallengeTest {
  private static List<Challenge> parse(String... values) {
    return Challenge.parse(List.of(values));
  }

  @Test
  void parametersAreRead() {
    assertEquals(
        List.of(
            new Challenge(
                "bearer",
                Map.of(
                    "realm", "https://auth.docker.io/token",
                    "service", "registry.docker.io",
                    "scope", "repository:library/busybox:pull,push"))),
        parse(
            "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                + "scope=\"repository:library/busybox:pull,push\""));
  }

  @Test
  void quotesMayBeLeftOutAndSpacesPutIn() {
    assertEquals(
        List.of(new Challenge("bearer", Map.of("realm", "https://x/t", "service", "a b\"c"))),
        parse("  bearer   Realm = https://x/t ,\t service = \"a b\\\"c\"  "));
  }

  @Test
  void severalChallengesInOneFieldAreToldApart() {
    assertEquals(
        List.of(
            new Challenge("negotiate", Map.of()),
            new Challenge("basic", Map.of("realm", "x", "charset", "UTF-8")),
            new Challenge("ntlm", Map.of()),
            new Challenge("bearer", Map.of("realm", "y"))),
        parse("Negotiate YWJj==, Basic realm=\"x\", charset=\"UTF-8\", NTLM, Bearer realm=\"y\""));
  }

  @Test
  void severalFieldsAreReadInOrder() {
    assertEquals(
        List.of("basic", "bearer"),
        parse("Basic realm=x", "Bearer realm=y").stream().map(Challenge::scheme).toList());
  }

  @Test
  void theFirstOfTwoParametersOfOneNameCounts() {
    assertEquals("a", parse("Bearer realm=a, REALM=b").getFirst().parameter("realm"));
  }

  @Test
  void whatFollowsAMistakeIsLeftOut() {
    assertEquals(
        List.of(new Challenge("bearer", Map.of("realm", "a"))), parse("Bearer realm=a, x=\"open"));
    assertEquals(List.of(), parse("=x"));
    assertEquals(List.of(), parse(""));
    assertEquals(List.of(), parse(",,,   ,"));
  }

  @Test
  void sizesAreBounded() {
    assertEquals(List.of(), parse("Bearer realm=\"" + "x".repeat(20_000) + "\""));
    assertEquals(16, parse("A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U").size());
    assertEquals(
        16,
        parse(java.util.Collections.nCopies(100, "Basic realm=x").toArray(String[]::new)).size());
    StringBuilder many = new StringBuilder("Bearer a=b");
    for (int i = 0; i < 1000; i++) {
      many.append(",k").append(i).append("=v");
    }
    assertEquals(32, parse(many.toString()).getFirst().parameters().size());
  }

  @Test
  void noTextMakesItFail() {
    Random random = new Random(1);
    String alphabet = "Bearer realm=\"\\,= \t\u00ff\u0000";
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(40); length > 0; length--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertTrue(parse(text.toString()).size() <= 16);
    }
  }
}
