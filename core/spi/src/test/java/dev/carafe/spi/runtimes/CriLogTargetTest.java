package dev.carafe.spi.runtimes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.runtimes.CriLogTarget.Input;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The name of a log in CRI's format. */
class CriLogTargetTest {
  private static Optional<CriLogTarget> of(String stdout) {
    return CriLogTarget.of(new Stdio("", stdout, "", false));
  }

  @Test
  void whatIsWrittenIsRead() {
    for (CriLogTarget target :
        List.of(
            new CriLogTarget(Path.of("/a"), Input.NONE, ""),
            new CriLogTarget(Path.of("/a b/ü?&#.log"), Input.ONCE, ""),
            new CriLogTarget(Path.of("/a"), Input.OPEN, "a tag&stdin=once%41"))) {
      assertEquals(Optional.of(target), CriLogTarget.of(target.stdio(true)));
    }
  }

  @Test
  void anythingElseIsNoLog() {
    assertEquals(Optional.empty(), of(""));
    assertEquals(Optional.empty(), of("/a"));
    assertEquals(Optional.empty(), of("file:///a"));
  }

  @Test
  void namesThatMakeNoSenseAreRefused() {
    for (String name :
        List.of(
            "cri-log://relative/path",
            "cri-log:///",
            "cri-log:///a/",
            "cri-log:///a%00b",
            "cri-log:///a b",
            "cri-log:///a?stdin=sometimes",
            "cri-log:///a?journal=",
            "cri-log:///a?journal=%25")) {
      assertThrows(InvalidArgumentException.class, () -> of(name), name);
    }
  }

  @Test
  void noStreamHasAPlaceOfItsOwn() {
    assertThrows(
        InvalidArgumentException.class,
        () -> CriLogTarget.of(new Stdio("/fifo", "cri-log:///a", "", false)));
    assertThrows(
        InvalidArgumentException.class,
        () -> CriLogTarget.of(new Stdio("", "cri-log:///a", "/fifo", false)));
  }
}
