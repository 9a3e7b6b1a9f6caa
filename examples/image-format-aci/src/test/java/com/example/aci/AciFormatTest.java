package com.example.aci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.testkit.content.MemoryContentStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AciFormatTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final AciFactory.Config LIMITS = new AciFactory.Config(1 << 20, 20);

  private final MemoryContentStore content = new MemoryContentStore();

  private Descriptor read(byte[] archive) {
    return new AciFormat(LIMITS).read(new ByteArrayInputStream(archive), content);
  }

  private byte[] blob(String digest) {
    try (BlobReader reader = content.open(Digest.parse(digest))) {
      return reader.readAll(1 << 20);
    }
  }

  private JsonNode json(String digest) throws IOException {
    return JSON.readTree(blob(digest));
  }

  private void assertRefused(Class<? extends DaemonException> error, SampleAci aci) {
    assertThrows(error, () -> read(aci.plain()));
    assertEquals(List.of(), content.ingests(), "nothing half done is left");
  }

  @Test
  void theManifestIsSaidInWordsOfOci() throws IOException {
    // When
    JsonNode entry = json(read(SampleAci.whole().plain()).digest().toString()).at("/manifests/0");

    // Then
    assertEquals(
        "example.com/reduce-worker:1.0.0",
        entry.path("annotations").path("io.containerd.image.name").asText());
    JsonNode manifest = json(entry.path("digest").asText());
    JsonNode config = json(manifest.at("/config/digest").asText());
    assertEquals("Carly <carly@example.com>", config.path("author").asText());
    assertEquals("amd64", config.path("architecture").asText());
    assertEquals(
        JSON.readTree(
            """
            {"User":"100:300","Entrypoint":["/usr/bin/reduce-worker","--quiet"],
             "WorkingDir":"/opt/work",
             "Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "REDUCE_WORKER_DEBUG=true"],
             "ExposedPorts":{"4000/tcp":{}},"Volumes":{"/var/lib/work":{}},
             "Labels":{"version":"1.0.0","arch":"amd64","os":"linux"}}
            """),
        config.path("config"));
  }

  @Test
  void theFilesBelowRootfsAreTheLayer() throws IOException {
    // When
    JsonNode entry = json(read(SampleAci.whole().plain()).digest().toString()).at("/manifests/0");

    // Then
    String layer = json(entry.path("digest").asText()).at("/layers/0/digest").asText();
    List<String> names = new ArrayList<>();
    try (var tar = new TarArchiveInputStream(new ByteArrayInputStream(blob(layer)))) {
      for (TarArchiveEntry file = tar.getNextEntry(); file != null; file = tar.getNextEntry()) {
        names.add(file.getName() + (file.isLink() ? " = " + file.getLinkName() : ""));
      }
    }
    assertEquals(
        List.of("usr/bin/", "usr/bin/reduce-worker", "usr/bin/other = usr/bin/reduce-worker"),
        names);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gz", "bzip2", "xz"})
  void compressedArchivesAreTheSameImage(String how) {
    byte[] archive = SampleAci.whole().compressed(how);
    assertTrue(new AciFormat(LIMITS).recognises(archive));
    assertEquals(read(SampleAci.whole().plain()), read(archive));
  }

  @Test
  void whatLeavesRootfsIsRefused() {
    assertRefused(
        InvalidArgumentException.class, SampleAci.whole().file("rootfs/../../etc/passwd", "x"));
    assertRefused(
        InvalidArgumentException.class, SampleAci.whole().hardLink("rootfs/x", "../etc/shadow"));
    assertRefused(InvalidArgumentException.class, SampleAci.whole().file("other", "x"));
    assertRefused(InvalidArgumentException.class, SampleAci.whole().file("rootfs/.wh.usr", ""));
  }

  @Test
  void whatIsTooLargeIsRefused() {
    SampleAci many = SampleAci.whole();
    for (int i = 0; i < 20; i++) {
      many.file("rootfs/" + i, "");
    }
    assertRefused(ResourceExhaustedException.class, many);
    byte[] bomb = SampleAci.whole().file("rootfs/zeros", "0".repeat(1 << 21)).compressed("gz");
    assertThrows(ResourceExhaustedException.class, () -> read(bomb));
  }

  @Test
  void whatNeedsOtherImagesIsRefused() {
    String manifest =
        SampleAci.MANIFEST.replace("\"app\"", "\"dependencies\":[{\"imageName\":\"x\"}],\"app\"");
    assertRefused(
        UnimplementedException.class,
        new SampleAci().file("manifest", manifest).directory("rootfs"));
  }

  @Test
  void anArchiveWithoutManifestOrFilesIsNone() {
    assertRefused(InvalidArgumentException.class, new SampleAci().directory("rootfs"));
    assertRefused(
        InvalidArgumentException.class, new SampleAci().file("manifest", SampleAci.MANIFEST));
  }
}
