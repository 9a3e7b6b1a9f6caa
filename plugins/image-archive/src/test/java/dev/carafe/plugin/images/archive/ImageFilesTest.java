package dev.carafe.plugin.images.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.PermissionDeniedException;
import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageSource.Repository;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.testkit.images.SampleImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files are hostile, and so is who may name them. */
final class ImageFilesTest {
  private static final SampleImage IMAGE = SampleImage.of(5, 4000, 500);

  @TempDir Path directory;
  private Path allowed;
  private Path scratch;

  @BeforeEach
  void prepare() throws IOException {
    allowed = Files.createDirectory(directory.resolve("allowed"));
    scratch = Files.createDirectory(directory.resolve("scratch"));
  }

  private ImageFiles files(Path... folders) {
    return new ImageFiles(
        new ImageFilesConfig(List.of(folders), 1000, 16 << 20, 1000), scratch, new Zstd(scratch));
  }

  private Descriptor open(String location) {
    try (Repository image = files(allowed).open(ImageFile.parse(location), SourceOptions.DEFAULT)) {
      return image.target();
    }
  }

  /** An OCI layout with an image called {@code one}. */
  private Path layout(Path at) throws Exception {
    Path root = Files.createDirectories(at.getParent().resolve(at.getFileName() + ".place"));
    FilePlace place = new FilePlace("oci", false, root);
    place.put(IMAGE, "one");
    Files.move(root.resolve("allowed/images"), at);
    return at;
  }

  @Test
  void withoutConfigurationNoFileIsAnImage() throws Exception {
    layout(allowed.resolve("images"));
    ImageFile file = ImageFile.parse("oci:" + allowed + "/images:one");
    assertEquals(List.of(), ImageFilesConfig.DEFAULT.folders());
    assertThrows(PermissionDeniedException.class, () -> files().open(file, SourceOptions.DEFAULT));
  }

  @Test
  void onlyWhatIsBelowAConfiguredFolderIsOpened() throws Exception {
    layout(directory.resolve("images"));
    layout(directory.resolve("allowed2"));
    for (String other : List.of("images", "allowed2", "no-such")) {
      assertThrows(
          PermissionDeniedException.class, () -> open("oci:" + directory + "/" + other + ":one"));
    }
  }

  @Test
  void noLinkLeadsOut() throws Exception {
    // Given
    layout(directory.resolve("secret"));
    Files.createSymbolicLink(allowed.resolve("absolute"), directory.resolve("secret"));
    Files.createSymbolicLink(allowed.resolve("relative"), Path.of("../secret"));
    Path images = layout(allowed.resolve("images"));
    Path index = images.resolve("index.json");
    Files.move(index, directory.resolve("index.json"));
    Files.createSymbolicLink(index, directory.resolve("index.json"));

    // Then
    for (String link : List.of("absolute", "relative", "images")) {
      assertThrows(
          PermissionDeniedException.class, () -> open("oci:" + allowed + "/" + link + ":one"));
    }
  }

  @Test
  void aLinkThatStaysInsideIsFollowed() throws Exception {
    layout(allowed.resolve("images"));
    Files.createSymbolicLink(allowed.resolve("link"), Path.of("images"));
    assertEquals(IMAGE.manifest().digest(), open("oci:" + allowed + "/link:one").digest());
  }

  /** A FIFO would wait for ever, and a device is nobody's image. */
  @Test
  void onlyRegularFilesAreRead() throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", allowed.resolve("fifo").toString()).start();
    assertEquals(0, mkfifo.waitFor());
    Files.createDirectory(allowed.resolve("folder"));
    for (String name : List.of("fifo", "folder")) {
      for (String transport : List.of("docker-archive", "oci-archive")) {
        assertThrows(
            InvalidArgumentException.class, () -> open(transport + ":" + allowed + "/" + name));
      }
    }
    assertThrows(NotFoundException.class, () -> open("oci:" + allowed + "/fifo:one"));
  }

  @Test
  void whatHoldsSeveralImagesMustBeAskedForOne() throws Exception {
    FilePlace place =
        new FilePlace("oci-archive", false, Files.createDirectory(directory.resolve("x")));
    place.put(IMAGE, "one");
    place.put(SampleImage.of(6, 10), "two");
    Files.copy(directory.resolve("x/allowed/images"), allowed.resolve("a.tar"));

    InvalidArgumentException which =
        assertThrows(
            InvalidArgumentException.class, () -> open("oci-archive:" + allowed + "/a.tar"));
    assertTrue(String.valueOf(which.getMessage()).contains("[one, two]"), which::getMessage);
    assertEquals(IMAGE.manifest().digest(), open("oci-archive:" + allowed + "/a.tar:@0").digest());
    assertThrows(NotFoundException.class, () -> open("oci-archive:" + allowed + "/a.tar:@2"));
  }

  @Test
  void theOnlyImageNeedsNoName() throws Exception {
    layout(allowed.resolve("images"));
    assertEquals(IMAGE.manifest().digest(), open("oci:" + allowed + "/images").digest());
  }

  @Test
  void whatIsNoArchiveIsRefused() throws Exception {
    Files.write(allowed.resolve("empty"), new byte[0]);
    Files.writeString(allowed.resolve("text"), "no archive at all, but longer\n".repeat(100));
    Files.write(allowed.resolve("zeros"), new byte[10_240]);
    Files.write(allowed.resolve("other"), new Tars().file("hello", "hello").end());
    for (String name : List.of("empty", "text", "zeros", "other")) {
      for (String transport : List.of("docker-archive", "oci-archive")) {
        DaemonException refused =
            assertThrows(DaemonException.class, () -> open(transport + ":" + allowed + "/" + name));
        assertTrue(
            refused instanceof InvalidArgumentException || refused instanceof NotFoundException,
            refused::toString);
      }
    }
  }

  @Test
  void anArchiveThatWasCutOffIsRefused() throws Exception {
    byte[] whole = new Tars().file("manifest.json", "[]").file("layer", new byte[5000]).cut();
    Files.write(allowed.resolve("a.tar"), java.util.Arrays.copyOf(whole, whole.length - 4000));
    assertThrows(DataLossException.class, () -> open("docker-archive:" + allowed + "/a.tar"));
  }

  @Test
  void aPackedArchiveThatGrowsWithoutMeasureIsGivenUpAndLeavesNothing() throws Exception {
    // Given
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(new Tars().file("layer", new byte[17 << 20]).end());
    }
    Files.write(allowed.resolve("a.tar"), packed.toByteArray());

    // Then
    assertThrows(
        ResourceExhaustedException.class, () -> open("docker-archive:" + allowed + "/a.tar"));
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void whatAKilledDaemonUnpackedIsRemoved() throws Exception {
    Files.writeString(scratch.resolve("unpacked-123"), "rest");
    Files.writeString(scratch.resolve("other"), "kept");
    files(allowed).clean();
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of(scratch.resolve("other")), left.toList());
    }
  }

  /** Even a layer that is in the list a thousand times is read once. */
  @Test
  void aDocumentOfDockersMayNameALayerOften() throws Exception {
    byte[] layer = new Tars().file("hello", "hello").end();
    String layers = "\"l.tar\",".repeat(999) + "\"link.tar\"";
    Files.write(
        allowed.resolve("a.tar"),
        new Tars()
            .file("manifest.json", "[{\"Config\":\"c.json\",\"Layers\":[" + layers + "]}]")
            .file("c.json", "{}")
            .file("l.tar", layer)
            .symlink("link.tar", "l.tar")
            .end());
    assertTrue(open("docker-archive:" + allowed + "/a.tar").size() > 100_000);
  }

  @Test
  void aLinkWithoutEndAndOneOutOfTheArchiveAreRefused() throws Exception {
    for (String target : List.of("c.json", "../../etc/passwd")) {
      Files.write(
          allowed.resolve("a.tar"),
          new Tars()
              .file("manifest.json", "[{\"Config\":\"c.json\",\"Layers\":[]}]")
              .symlink("c.json", target)
              .end());
      assertThrows(
          InvalidArgumentException.class, () -> open("docker-archive:" + allowed + "/a.tar"));
    }
  }

  @Test
  void anInterruptEndsReading() throws Exception {
    layout(allowed.resolve("images"));
    try (Repository image =
        files(allowed)
            .open(ImageFile.parse("oci:" + allowed + "/images:one"), SourceOptions.DEFAULT)) {
      InputStream in = image.fetch(IMAGE.layers().getFirst(), 0);
      Thread.currentThread().interrupt();
      assertThrows(java.io.InterruptedIOException.class, in::readAllBytes);
      assertThrows(CancelledException.class, () -> open("oci:" + allowed + "/images:one"));
      assertTrue(Thread.interrupted());
      in.close();
    }
  }

  @Test
  void theConfigurationIsChecked() {
    for (String folder : List.of("relative", "/a/../b")) {
      assertThrows(
          InvalidArgumentException.class,
          () -> new ImageFilesConfig(List.of(Path.of(folder)), 1, 1, 1));
    }
    assertThrows(InvalidArgumentException.class, () -> new ImageFilesConfig(List.of(), 0, 1, 1));
    assertThrows(InvalidArgumentException.class, () -> new ImageFilesConfig(List.of(), 1, 0, 1));
    assertThrows(InvalidArgumentException.class, () -> new ImageFilesConfig(List.of(), 1, 1, 0));
    assertEquals(
        new ImageFilesConfig(List.of(), 100_000, 64L << 30, 1000), ImageFilesConfig.DEFAULT);
  }

  @Test
  void theFactoriesDeclareASourceAndTwoFormats() {
    assertEquals(PluginTypes.IMAGE_SOURCE, new ImageFilesFactory().declaration().type());
    assertEquals("files", new ImageFilesFactory().declaration().id());
    assertEquals("oci", new OciFormatFactory().declaration().id());
    assertEquals("docker", new DockerFormatFactory().declaration().id());
  }
}
