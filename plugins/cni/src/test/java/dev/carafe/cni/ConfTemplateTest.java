package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfTemplateTest {
  private static final List<String> BOTH = List.of("10.1.0.0/24", "fd01::/64");

  @Test
  void theFirstRangeIsPutIn() {
    assertEquals("a 10.1.0.0/24 b", ConfTemplate.render("a {{.PodCIDR}} b", BOTH));
    assertEquals("a10.1.0.0/24b", ConfTemplate.render("a {{- .PodCIDR -}}\n b", BOTH));
  }

  @Test
  void rangesAndRoutesAreListed() {
    assertEquals(
        "[[{\"subnet\": \"10.1.0.0/24\"}], [{\"subnet\": \"fd01::/64\"}]]",
        ConfTemplate.render(
            "[{{range $i, $range := .PodCIDRRanges}}{{if $i}}, {{end}}[{\"subnet\":"
                + " \"{{$range}}\"}]{{end}}]",
            BOTH));
    assertEquals("0.0.0.0/0;::/0;", ConfTemplate.render("{{range .Routes}}{{.}};{{end}}", BOTH));
    assertEquals(
        "0.0.0.0/0",
        ConfTemplate.render("{{range .Routes}}{{.}}{{end}}", List.of("10.0.0.0/9", "10.1.0.0/9")));
  }

  @Test
  void conditionsHaveTwoSides() {
    assertEquals(
        "first,next,",
        ConfTemplate.render(
            "{{range $i, $_ := .PodCIDRRanges}}{{if $i}}next{{else}}first{{end}},{{end}}", BOTH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{.Other}}",
        "{{range .PodCIDR}}{{end}}",
        "{{range .Routes}}",
        "{{end}}",
        "{{if .PodCIDR}}",
        "{{printf \"%s\" .PodCIDR}}",
        "{{.Routes}}",
        "{{range $x := .Routes}}{{end}}{{$x}}"
      })
  void whatIsNotUnderstoodIsAnError(String template) {
    assertThrows(InvalidArgumentException.class, () -> ConfTemplate.render(template, BOTH));
  }
}
