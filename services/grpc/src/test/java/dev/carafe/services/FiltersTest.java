package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiltersTest {
  private static final Map<String, String> LABELS =
      Map.of("a", "1", "with.dots", "2", "x/y", "3", "odd key", "q\"t", "tab", "\t", "k8s", "é");
  private static final Filters.Fields FIELDS =
      Filters.withLabels(
          LABELS,
          path ->
              switch (String.join(".", path)) {
                case "name" -> "docker.io/library/busybox:latest";
                case "runtime.name" -> "runc";
                case "digest" -> "sha256:abc";
                case "empty" -> "";
                default -> null;
              });

  private static boolean matches(String... filters) {
    return Filters.parse(List.of(filters)).test(FIELDS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "name==docker.io/library/busybox:latest",
        "name",
        "name!=other",
        "name~=busybox",
        "name~=^docker.io/",
        "name~=/busybox:(latest|edge)$/",
        "name~=|library/busy|",
        "name~=\"b.sybox\"",
        "runtime.name==runc",
        "labels.a==1",
        "labels.a",
        "labels.with.dots==2",
        "labels.\"with.dots\"==2",
        "labels.\"x/y\"==3",
        "labels.\"odd key\"==\"q\\\"t\"",
        "labels.tab==\"\\t\"",
        "labels.tab==\"\\x09\"",
        "labels.k8s==\"\\u00e9\"",
        "labels.absent!=1",
        "absent!=1",
        "empty",
        "empty==\"\"",
        "digest==sha256:abc,labels.a==1",
        " name ~= busybox , labels.a == 1",
        "labels.a==1,labels.a!=2,name",
        "name~=\"^[a-z.]{1,100}/([a-z]{1,50}/){1,3}busybox:[]{}a-z]{6}$\"",
      })
  void matching(String filter) {
    assertTrue(matches(filter), filter);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name==other",
        "name!=docker.io/library/busybox:latest",
        "name~=^busybox",
        "labels.absent",
        "labels",
        "absent",
        "absent==\"\"",
        "absent~=.*",
        "labels.a==1,labels.a==2",
        "1st==1",
        "name~=[",
        "name~=(?=x)",
        "name~=\"(\"",
      })
  void notMatching(String filter) {
    assertFalse(matches(filter), filter);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "=",
        "==",
        "name==",
        "name=",
        "name=x",
        "name==x,",
        ",",
        "name==x y",
        "name==\"x",
        "labels.",
        "labels..a",
        ".name",
        "name.==x",
        "name!x",
        "name~x",
        "name~=/x",
        "name==\"\\q\"",
        "name==\"\\x4\"",
        "name==\"\\Uffffffff\"",
        "\"",
        "n\u00e4me==x",
        "na-me==x",
        "name>=1",
      })
  void unreadable(String filter) {
    assertThrows(InvalidArgumentException.class, () -> Filters.parse(List.of(filter)));
  }

  @Test
  void severalFiltersAreAlternatives() {
    assertTrue(matches("name==other", "labels.a==1"));
    assertFalse(matches("name==other", "labels.a==2"));
    assertTrue(matches());
  }

  @Test
  void expressionsThatAreMadeToHangDoNot() {
    String hostile = "name~=\"^(([a-z]+)+[./:]?)+$0\"";
    assertFalse(
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> matches(hostile)).booleanValue());
  }

  @Test
  void filtersAreBounded() {
    assertThrows(InvalidArgumentException.class, () -> matches("name==" + "x".repeat(64 << 10)));
    String nested = "name~=" + "(".repeat(5000) + "x" + ")".repeat(5000);
    assertFalse(matches(nested));
    assertFalse(matches("name~=(((x{1000}){1000}){1000})"));
    assertFalse(matches("name~=" + "x{1000}".repeat(500)));
  }

  @Test
  void filtersTogetherAreBounded() {
    String[] many = new String[10_001];
    Arrays.fill(many, "name==x");
    assertThrows(InvalidArgumentException.class, () -> matches(many));
    String[] large = new String[20];
    Arrays.fill(large, "name==" + "x".repeat(60_000));
    assertThrows(InvalidArgumentException.class, () -> matches(large));
    String[] expressions = new String[11];
    Arrays.fill(expressions, "name~=" + "x{1000}".repeat(19));
    assertThrows(InvalidArgumentException.class, () -> matches(expressions));
    String inOne = String.join(",", expressions);
    assertThrows(InvalidArgumentException.class, () -> matches(inOne));
  }

  @Test
  void messageShowsWhereTheMistakeIs() {
    String message =
        assertThrows(InvalidArgumentException.class, () -> matches("name=\nx")).getMessage();
    assertEquals("filter \"name=?x\": expected an operator at 4", message);
  }
}
