package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.plugin.verifier.policy.KeptSignatures.Signature;
import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptSignaturesTest {
  @TempDir Path directory;

  private static Signature signature(String text) {
    return new Signature(text.getBytes(UTF_8), new byte[] {1, 2});
  }

  private static Digest digest(int number) {
    return Digest.of(new byte[] {(byte) number});
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  @Test
  void theLastOneOfAKindANameAndAManifestIsKept() throws Exception {
    // Given
    var kept = new KeptSignatures(directory);

    // When
    kept.keep("a", Stage.NAME, digest(1), signature("first"));
    kept.keep("a", Stage.NAME, digest(1), signature("second"));

    // Then
    Signature found = new KeptSignatures(directory).find("a", Stage.NAME, digest(1)).orElseThrow();
    assertArrayEquals("second".getBytes(UTF_8), found.payload());
    assertArrayEquals(new byte[] {1, 2}, found.signature());
    assertTrue(kept.find("b", Stage.NAME, digest(1)).isEmpty());
    assertTrue(kept.find("a", Stage.NAME, digest(2)).isEmpty());
    assertEquals(1, files().size());
  }

  @Test
  void theOldestGoes() throws Exception {
    // Given
    var kept = new KeptSignatures(directory, 2);

    // When
    for (int i = 0; i < 3; i++) {
      kept.keep("a", Stage.NAME, digest(i), signature("s" + i));
      for (Path file : files()) {
        FileTime before = FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() - 10_000);
        Files.setLastModifiedTime(file, before);
      }
    }

    // Then
    assertEquals(2, files().size());
    assertTrue(kept.find("a", Stage.NAME, digest(0)).isEmpty());
    assertTrue(kept.find("a", Stage.NAME, digest(2)).isPresent());
  }

  @Test
  void whatIsDamagedIsNone() throws Exception {
    var kept = new KeptSignatures(directory);
    for (String damage : List.of("", "{", "null", "[]", "{\"payload\":1}", "{\"payload\":\"\"}")) {
      kept.keep("a", Stage.NAME, digest(1), signature("s"));
      Files.writeString(files().getFirst(), damage);
      assertTrue(kept.find("a", Stage.NAME, digest(1)).isEmpty(), () -> "with " + damage);
    }
  }

  @Test
  void aDirectoryThatCannotBeWrittenKeepsNothing() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    var kept = new KeptSignatures(file);
    kept.keep("a", Stage.NAME, digest(1), signature("s"));
    assertTrue(kept.find("a", Stage.NAME, digest(1)).isEmpty());
  }
}
