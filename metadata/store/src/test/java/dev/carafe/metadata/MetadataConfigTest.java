package dev.carafe.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginTypes;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetadataConfigTest {
  @Test
  void defaultsAreThoseOfContainerd() {
    assertEquals(ContentSharing.SHARED, MetadataConfig.DEFAULT.contentSharingPolicy());
    assertEquals(Duration.ofHours(24), MetadataConfig.DEFAULT.ingestLife());
    assertFalse(MetadataConfig.DEFAULT.trustDatabase());
  }

  @Test
  void declarationIsThatOfContainerd() {
    var declaration = new MetadataFactory().declaration();
    assertEquals("io.containerd.metadata.v1.bolt", declaration.uri());
    assertEquals(Metadata.TYPE, declaration.type());
    assertTrue(declaration.essential());
    assertEquals(
        List.of(
            PluginTypes.METADATA_DATABASE,
            PluginTypes.CONTENT_STORE,
            PluginTypes.SNAPSHOTTER,
            PluginTypes.EVENT_BUS),
        declaration.requires());
  }

  @Test
  void ingestsMustLive() {
    assertThrows(
        InvalidArgumentException.class,
        () ->
            new MetadataConfig(
                ContentSharing.SHARED, Duration.ZERO, false, Duration.ofSeconds(10)));
  }
}
