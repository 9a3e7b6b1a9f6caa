package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RegistryConfigTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void defaultsAreDocumented() {
    assertEquals(
        new RegistryConfig(
            "/etc/carafe/certs.d:/etc/containerd/certs.d:/etc/docker/certs.d",
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            5,
            0),
        RegistryConfig.DEFAULT);
  }

  @Test
  void theFactoryDeclaresAnImageSource() {
    PluginDeclaration<?, RegistryConfig> declaration = new RegistryFactory().declaration();
    assertEquals(PluginTypes.IMAGE_SOURCE, declaration.type());
    assertEquals("registry", declaration.id());
    assertEquals(RegistryConfig.DEFAULT, declaration.defaults());
    assertEquals(List.of(), declaration.requires());
  }

  @Test
  void directoriesAreSeparatedByColons() {
    assertEquals(
        List.of(Path.of("/a"), Path.of("/b c")), RegistryConfig.directories("/a::/b c: :"));
    assertEquals(List.of(), RegistryConfig.directories(""));
  }

  @Test
  void valuesOutOfRangeAreRefused() {
    for (Duration bad : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofHours(2))) {
      assertThrows(
          InvalidArgumentException.class, () -> new RegistryConfig("", bad, SECOND, SECOND, 1, 0));
      assertThrows(
          InvalidArgumentException.class, () -> new RegistryConfig("", SECOND, bad, SECOND, 1, 0));
      assertThrows(
          InvalidArgumentException.class, () -> new RegistryConfig("", SECOND, SECOND, bad, 1, 0));
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> new RegistryConfig("", SECOND, SECOND, SECOND, -1, 0));
    assertThrows(
        InvalidArgumentException.class,
        () -> new RegistryConfig("", SECOND, SECOND, SECOND, 101, 0));
  }
}
