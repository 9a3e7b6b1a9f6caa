package dev.carafe.plugin.images.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.luben.zstd.Zstd;
import dev.carafe.spi.content.BlobReader;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.ContentWriter;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestRequest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.images.ImageArchive.Contents;
import dev.carafe.spi.images.ImageArchive.Entry;
import dev.carafe.testkit.content.MemoryContentStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageArchiveTest {
  private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";
  private static final byte[] LAYER = new Tars().file("hello", "hello").end();
  private static final byte[] CONFIG =
      Tars.utf8(
          "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\",\"rootfs\":{\"diff_ids\":[\""
              + Digest.of(LAYER)
              + "\"]}}");

  @TempDir Path scratch;
  private final MemoryContentStore content = new MemoryContentStore();

  private TarImageArchive archives(ImageArchiveConfig config) {
    return new TarImageArchive(config, new dev.carafe.plugin.images.archive.Zstd(scratch));
  }

  private Descriptor read(byte[] archive) {
    return read(archive, false);
  }

  private Descriptor read(byte[] archive, boolean compress) {
    return archives(ImageArchiveConfig.DEFAULT)
        .read(new ByteArrayInputStream(archive), compress, content);
  }

  private byte[] blob(Digest digest) {
    try (BlobReader reader = content.open(digest)) {
      return reader.readAll(1 << 20);
    }
  }

  private JsonNode json(Digest digest) {
    return Json.read("test", blob(digest));
  }

  private static byte[] docker(String tags) {
    Tars tar = new Tars();
    tar.file("abc.json", CONFIG);
    tar.file("abc/layer.tar", LAYER);
    tar.symlink("def/layer.tar", "../abc/layer.tar");
    tar.file(
        "manifest.json",
        "[{\"Config\":\"abc.json\",\"RepoTags\":"
            + tags
            + ",\"Layers\":[\"abc/layer.tar\",\"def/layer.tar\"]}]");
    return tar.end();
  }

  private static byte[] oci() {
    Tars tar = new Tars().file("oci-layout", LAYOUT);
    Digest manifest = tar.blob(Tars.utf8("{\"manifest\":1}"));
    return tar.file(
            "index.json",
            "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"m\",\"digest\":\""
                + manifest
                + "\",\"size\":14}]}")
        .end();
  }

  /** A writer of a blob that another namespace has begins with all of its bytes. */
  @Test
  void aBlobThatAnotherNamespaceHasIsTaken() {
    byte[] manifest = Tars.utf8("{\"manifest\":1}");
    ContentStore shared =
        (ContentStore)
            Proxy.newProxyInstance(
                ContentStore.class.getClassLoader(),
                new Class<?>[] {ContentStore.class},
                (self, method, arguments) -> {
                  Object result = method.invoke(content, arguments);
                  if (result instanceof ContentWriter writer
                      && arguments[0] instanceof IngestRequest request
                      && Digest.of(manifest).equals(request.expected())) {
                    writer.write(ByteBuffer.wrap(manifest));
                  }
                  return result;
                });
    archives(ImageArchiveConfig.DEFAULT).read(new ByteArrayInputStream(oci()), false, shared);
    assertArrayEquals(manifest, blob(Digest.of(manifest)));
  }

  @Test
  void anOciLayoutIsReadAsItIs() {
    Descriptor index = read(oci());
    assertEquals("application/vnd.oci.image.index.v1+json", index.mediaType());
    Digest manifest = Digest.parse(json(index.digest()).at("/manifests/0/digest").asText());
    assertArrayEquals(Tars.utf8("{\"manifest\":1}"), blob(manifest));
  }

  @Test
  void aDockerArchiveGetsManifestAndIndex() {
    Descriptor index = read(docker("[\"busybox:1\",\"reg.example/x/y:2\"]"));
    JsonNode manifests = json(index.digest()).path("manifests");
    assertEquals(2, manifests.size());
    JsonNode first = manifests.get(0);
    assertEquals(
        "docker.io/library/busybox:1", first.path("annotations").path(ArchiveWriter.NAME).asText());
    assertEquals("1", first.path("annotations").path(ArchiveWriter.REF_NAME).asText());
    assertEquals("arm64", first.at("/platform/architecture").asText());
    JsonNode manifest = json(Digest.parse(first.path("digest").asText()));
    assertEquals(2, manifest.path("layers").size());
    assertEquals(Digest.of(LAYER).toString(), manifest.at("/layers/1/digest").asText());
    assertEquals(
        "application/vnd.docker.image.rootfs.diff.tar",
        manifest.at("/layers/0/mediaType").asText());
    assertEquals(Digest.of(CONFIG).toString(), manifest.at("/config/digest").asText());
  }

  @Test
  void anImageWithoutTagsHasNoName() {
    JsonNode manifests = json(read(docker("null")).digest()).path("manifests");
    assertEquals(1, manifests.size());
    assertTrue(manifests.get(0).path("annotations").isMissingNode());
  }

  @Test
  void layersAreCompressedOnRequest() throws IOException {
    Descriptor index = read(docker("[]"), true);
    JsonNode manifest = json(Digest.parse(json(index.digest()).at("/manifests/0/digest").asText()));
    Digest layer = Digest.parse(manifest.at("/layers/0/digest").asText());
    assertEquals(
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        manifest.at("/layers/0/mediaType").asText());
    assertArrayEquals(
        LAYER, new GZIPInputStream(new ByteArrayInputStream(blob(layer))).readAllBytes());
    assertEquals(
        Digest.of(LAYER).toString(),
        content.info(layer).labels().get("containerd.io/uncompressed"));
  }

  @Test
  void packedArchivesAreRecognized() throws IOException {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(oci());
    }
    Descriptor plain = read(oci());
    assertEquals(plain, read(gzip.toByteArray()));
    assertEquals(plain, read(Zstd.compress(oci())));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    Digest layer = put(LAYER);
    Digest config = put(CONFIG);
    byte[] bytes =
        Tars.utf8(
            "{\"schemaVersion\":2,\"config\":{\"digest\":\""
                + config
                + "\"},\"layers\":[{\"digest\":\""
                + layer
                + "\"}]}");
    Descriptor manifest =
        new Descriptor(
            "application/vnd.oci.image.manifest.v1+json",
            put(bytes),
            bytes.length,
            Map.of("a", "b"));
    Contents contents =
        new Contents(
            List.of(
                new Entry("docker.io/library/x:1", manifest, manifest),
                new Entry("reg.example/y:2", manifest, manifest)),
            List.of(
                manifest,
                new Descriptor("c", config, CONFIG.length),
                new Descriptor("l", layer, LAYER.length)),
            true);
    byte[] once = write(contents);
    assertArrayEquals(once, write(contents));
    JsonNode manifests = json(read(once).digest()).path("manifests");
    assertEquals(2, manifests.size());
    assertEquals("b", manifests.at("/0/annotations/a").asText());
    assertEquals("2", manifests.get(1).path("annotations").path(ArchiveWriter.REF_NAME).asText());
    TarEntries entries = new TarEntries(new ByteArrayInputStream(once), ImageArchiveConfig.DEFAULT);
    for (TarEntries.Entry entry = entries.next(); entry != null; entry = entries.next()) {
      if (entry.name().equals("manifest.json")) {
        JsonNode images = Json.read("test", entries.readAll("x", 100_000));
        assertEquals("[\"x:1\",\"reg.example/y:2\"]", images.at("/0/RepoTags").toString());
        assertEquals("blobs/sha256/" + layer.hex(), images.at("/0/Layers/0").asText());
        return;
      }
    }
    throw new AssertionError("no manifest.json");
  }

  private byte[] write(Contents contents) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archives(ImageArchiveConfig.DEFAULT).write(contents, content, out);
    return out.toByteArray();
  }

  private Digest put(byte[] bytes) throws IOException {
    return new Blobs(content).store("test", bytes).digest();
  }

  @Test
  void missingContentIsSaid() {
    Descriptor missing = new Descriptor("l", Digest.of(new byte[] {1}), 1);
    assertThrows(
        NotFoundException.class, () -> write(new Contents(List.of(), List.of(missing), false)));
  }

  @Test
  void aBlobThatLiesIsRefusedAndLeavesNothing() {
    byte[] archive =
        new Tars().file("blobs/sha256/" + Digest.of(LAYER).hex(), "something else").end();
    DataLossException e = assertThrows(DataLossException.class, () -> read(archive));
    assertTrue(e.getMessage().contains("not what its name says"), e.getMessage());
    assertEquals(List.of(), content.ingests());
  }

  @Test
  void aCutArchiveIsDamagedWhereverItIsCut() {
    byte[] whole = docker("[]");
    for (int length : new int[] {100, 600, 512 + CONFIG.length - 1}) {
      assertThrows(
          DataLossException.class, () -> read(java.util.Arrays.copyOf(whole, length)), "" + length);
      assertEquals(List.of(), content.ingests());
    }
  }

  @Test
  void namesThatLeaveTheArchiveAreRefused() {
    for (String name : List.of("../x", "a/../../x", "blobs/../../etc/passwd")) {
      assertThrows(
          InvalidArgumentException.class, () -> read(new Tars().file(name, "x").end()), name);
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> read(new Tars().symlink("a", "../../etc/passwd").end()));
  }

  @Test
  void linksWithoutEndAndToNothingAreRefused() {
    String manifest = "[{\"Config\":\"a\",\"Layers\":[]}]";
    Tars circle = new Tars().symlink("a", "b").symlink("b", "a").file("manifest.json", manifest);
    assertThrows(InvalidArgumentException.class, () -> read(circle.end()));
    Tars nothing = new Tars().symlink("a", "c").file("manifest.json", manifest);
    assertThrows(InvalidArgumentException.class, () -> read(nothing.end()));
  }

  @Test
  void documentsAreBounded() {
    byte[] huge = new byte[ArchiveReader.JSON_LIMIT + 1];
    assertThrows(
        ResourceExhaustedException.class, () -> read(new Tars().file("manifest.json", huge).end()));
    String deep = "[".repeat(5000);
    assertThrows(
        InvalidArgumentException.class, () -> read(new Tars().file("manifest.json", deep).end()));
    assertThrows(
        InvalidArgumentException.class,
        () ->
            read(
                new Tars()
                    .file("oci-layout", LAYOUT)
                    .file("index.json", "{}")
                    .file("index.json", "{}")
                    .end()));
  }

  @Test
  void anExtensionHeaderIsBounded() {
    byte[] archive = new Tars().entry("x", 'L', "", 1L << 30, new byte[0]).cut();
    assertThrows(ResourceExhaustedException.class, () -> read(archive));
  }

  @Test
  void entriesBytesAndRatioAreBounded() throws IOException {
    Tars many = new Tars();
    for (int i = 0; i < 20; i++) {
      many.file("f" + i, "");
    }
    ImageArchiveConfig few = new ImageArchiveConfig(10, 1 << 20, 10, 1 << 16);
    assertThrows(
        ResourceExhaustedException.class,
        () -> archives(few).read(new ByteArrayInputStream(many.end()), false, content));
    byte[] large = new Tars().file("f", new byte[2 << 20]).end();
    assertThrows(
        ResourceExhaustedException.class,
        () -> archives(few).read(new ByteArrayInputStream(large), false, content));
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(new Tars().file("f", new byte[1 << 19]).end());
    }
    ResourceExhaustedException e =
        assertThrows(
            ResourceExhaustedException.class,
            () -> archives(few).read(new ByteArrayInputStream(gzip.toByteArray()), false, content));
    assertTrue(e.getMessage().contains("10 times"), e.getMessage());
  }

  @Test
  void whatIsNoImageArchiveIsSaid() {
    assertThrows(InvalidArgumentException.class, () -> read(new Tars().file("x", "y").end()));
    assertThrows(InvalidArgumentException.class, () -> read(new byte[0]));
    byte[] text =
        "this is a text and not an archive\n"
            .repeat(100)
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThrows(InvalidArgumentException.class, () -> read(text));
    assertThrows(
        InvalidArgumentException.class,
        () -> read(new Tars().file("oci-layout", "{\"imageLayoutVersion\":\"2\"}").end()));
    assertThrows(InvalidArgumentException.class, () -> read(docker("[\"not a name\"]")));
  }

  @Test
  void aReaderThatIsCancelledIsCancelled() {
    InputStream cancelled =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new java.io.InterruptedIOException("cancelled");
          }
        };
    assertThrows(
        CancelledException.class,
        () -> archives(ImageArchiveConfig.DEFAULT).read(cancelled, false, content));
  }
}
