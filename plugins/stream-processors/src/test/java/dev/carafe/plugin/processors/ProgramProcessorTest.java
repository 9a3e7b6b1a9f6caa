package dev.carafe.plugin.processors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.plugin.processors.ProgramsConfig.Processor;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Caller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ProgramProcessorTest {
  @TempDir Path directory;

  private Path script(String text, String permissions) throws IOException {
    Path script = directory.resolve("program");
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString(permissions));
    return script;
  }

  private static ProgramProcessor processor(String path, String... args) {
    return new ProgramProcessor(
        new ProgramsConfig(
            Map.of(
                "id",
                new Processor(List.of("a", "b"), "out", path, List.of(args), List.of("V=v")))));
  }

  private static String process(ProgramProcessor processor, String mediaType, InputStream layer)
      throws IOException {
    try (InputStream out =
        processor.process(
            mediaType,
            Map.of("id", "mine".getBytes(UTF_8), "other", "theirs".getBytes(UTF_8)),
            layer)) {
      return new String(out.readAllBytes(), UTF_8);
    }
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  @Test
  void theProgramOfTheMediaTypeIsRunWithItsOwnPayload() throws Exception {
    // Given
    Path program = script("echo $1 $V $STREAM_PROCESSOR_MEDIATYPE $(cat <&3); cat", "rwxr-xr-x");

    // When
    try (ProgramProcessor processor = processor(program.toString(), "arg")) {
      // Then
      assertEquals(Optional.of("out"), processor.returns("b"));
      assertEquals(Optional.empty(), processor.returns("out"));
      assertEquals("arg v b mine\nlayer", process(processor, "b", text("layer")));
      assertThrows(UnimplementedException.class, () -> process(processor, "c", text("")));
    }
  }

  @Test
  void aNameIsLookedForOnThePath() throws Exception {
    try (ProgramProcessor processor = processor("tr", "a-z", "A-Z");
        ProgramProcessor none = processor("no-such-program")) {
      assertEquals("LAYER", process(processor, "a", text("layer")));
      assertThrows(NotFoundException.class, () -> process(none, "a", text("layer")));
    }
  }

  @Test
  void aProgramThatOthersCanReplaceIsNotRun() throws Exception {
    // Given
    Path program = script("touch " + directory.resolve("ran"), "rwxrwxrwx");

    // When
    try (ProgramProcessor processor = processor(program.toString())) {
      assertThrows(FailedPreconditionException.class, () -> process(processor, "a", text("layer")));
    }

    // Then
    assertTrue(Files.notExists(directory.resolve("ran")));
  }

  @Test
  void theLayerIsReadOnBehalfOfTheCaller() throws Exception {
    // Given
    InputStream layer =
        new InputStream() {
          private final InputStream bytes = text(Caller.current().namespace());
          private boolean begun;
          private InputStream inner = bytes;

          @Override
          public int read() throws IOException {
            if (!begun) {
              begun = true;
              inner = text(Caller.current().namespace());
            }
            return inner.read();
          }
        };

    // When
    String seen;
    try (ProgramProcessor processor = processor("cat")) {
      seen = new Caller("ns", "").call(() -> process(processor, "a", layer));
    }

    // Then
    assertEquals("ns", seen);
  }

  @Test
  void twoProcessorsOfOneMediaTypeAreAMistake() {
    Processor one = new Processor(List.of("t", "u"), "x", "p", List.of(), List.of());
    Processor two = new Processor(List.of("u"), "x", "p", List.of(), List.of());
    String message =
        assertThrows(
                InvalidArgumentException.class,
                () -> new ProgramsConfig(Map.of("one", one, "two", two)))
            .getMessage();
    assertEquals("\"u\" is accepted by both \"one\" and \"two\"", message);
  }
}
