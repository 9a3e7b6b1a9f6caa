package dev.carafe.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishTest {
  private static final Map<String, String> FLAGS = Map.of("topic", "/t", "namespace", "n");

  @TempDir Path directory;

  private static Map<String, String> flags(String line) {
    return Publish.flags(line.split(" "));
  }

  @Test
  void flagsStandOnBothSidesOfTheCommand() {
    Map<String, String> expected = Map.of("address", "/a", "topic", "/t", "namespace", "publish");
    assertEquals(expected, flags("--address /a publish --topic /t --namespace publish"));
    assertEquals(expected, flags("publish -topic=/t -address /a --namespace publish"));
  }

  @Test
  void whatIsAnotherCommandIsLeftAlone() {
    assertNull(flags("config check"));
    assertNull(flags("--address publish"));
    assertNull(flags("publish --root /r"));
    assertNull(flags("publish extra"));
    assertNull(flags("publish --topic"));
  }

  @Test
  void whatCannotBePublishedFails() {
    InputStream nothing = new ByteArrayInputStream(new byte[0]);
    assertEquals(2, Publish.run(Map.of("topic", "/t"), nothing));
    assertEquals(2, Publish.run(Map.of("namespace", "n"), nothing));
    InputStream noise = new ByteArrayInputStream(new byte[] {(byte) 0xff});
    assertEquals(1, Publish.run(FLAGS, noise));
    InputStream huge = new ByteArrayInputStream(new byte[(4 << 20) + 1]);
    assertEquals(1, Publish.run(FLAGS, huge));
    Map<String, String> nobody =
        Map.of("topic", "/t", "namespace", "n", "address", directory.resolve("s").toString());
    assertEquals(1, Publish.run(nobody, nothing));
  }
}
