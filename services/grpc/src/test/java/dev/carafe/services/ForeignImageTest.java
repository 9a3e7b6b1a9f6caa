package dev.carafe.services;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.engine.archive.ImageImporter;
import dev.carafe.engine.archive.ImportRequest;
import dev.carafe.engine.pull.ImageFormats;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageSources;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.MediaTypes;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.testkit.images.TextImageFormat;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images of other formats and from other places, over real metadata. */
@Timeout(60)
class ForeignImageTest extends ServiceTest {
  private static final Namespace NAMESPACE = new Namespace(Wire.NAMESPACE);
  private static final String NAME = "r.example/app:v1";

  private final FakeRegistry registry = new FakeRegistry();
  private ImagePuller puller;

  @Override
  void connect() {
    puller =
        new ImagePuller(
            wire.metadata,
            registry.sources(),
            registry.formats(),
            ImageVerification.NONE,
            new LayerApplier(List.of(new TextDiffer()), List.of(), PullConfig.DEFAULT),
            PullConfig.DEFAULT);
  }

  private Image pull(ImageLocation location) {
    return puller.pull(
        NAMESPACE,
        "",
        new PullRequest(
            location, "image", SourceOptions.DEFAULT, List.of(), false, 0, List.of(), Map.of()),
        Progress.NONE);
  }

  private Stores stores() {
    return wire.stores();
  }

  /** Is not asked. */
  private static ImageArchive nobody() {
    return (ImageArchive)
        Proxy.newProxyInstance(
            ImageArchive.class.getClassLoader(),
            new Class<?>[] {ImageArchive.class},
            (_, method, _) -> {
              throw new AssertionError("not asked for " + method);
            });
  }

  private void assertNothingNamedOrHeld() {
    assertThrows(NotFoundException.class, () -> stores().images().get("image"));
    assertEquals(List.of(), stores().leases().list());
  }

  @Test
  void aForeignImageIsConvertedOnTheWayIn() {
    // Given
    String text = new String(TextImageFormat.of("some text"), UTF_8);
    registry.name(NAME, registry.blob(TextImageFormat.MEDIA_TYPE, text));

    // When
    Image image = pull(ImageName.parse(NAME));

    // Then
    assertEquals(MediaTypes.OCI_MANIFEST, image.target().mediaType());
    assertEquals(image.target(), stores().images().get("image").target());
    assertEquals(List.of(text + "@0"), registry.sent());
    assertEquals(List.of(), stores().leases().list());
    // A second one finds it all there.
    assertEquals(image.target(), pull(ImageName.parse(NAME)).target());
  }

  @Test
  void aForeignArchiveIsConvertedOnTheWayIn() {
    // Given
    ImageImporter importer = new ImageImporter(wire.metadata, nobody(), registry.formats(), puller);
    byte[] archive = TextImageFormat.of("some text");

    // When
    List<Image> named =
        importer.importAll(
            NAMESPACE,
            "",
            new ImportRequest("text", List.of(), List.of(), List.of(), Map.of(), false),
            new ByteArrayInputStream(archive),
            Progress.NONE);

    // Then
    assertEquals(List.of("text"), named.stream().map(Image::name).toList());
    assertEquals(MediaTypes.OCI_INDEX, named.getFirst().target().mediaType());
  }

  @Test
  void anArchiveWhoseBeginningCannotBeReadSaysWhy() {
    Map<IOException, Class<? extends DaemonException>> failures =
        Map.of(
            new IOException("the line went down"), UnavailableException.class,
            new EOFException("ends"), DataLossException.class,
            new InterruptedIOException("interrupted"), CancelledException.class);
    failures.forEach((failure, expected) -> {
      InputStream broken =
          new InputStream() {
            @Override
            public int read() throws IOException {
              throw failure;
            }
          };
      ContentStore content = wire.content;
      ImageFormats formats = registry.formats();
      assertThrows(expected, () -> formats.read(broken, false, content, nobody()));
    });
  }

  @Test
  void anImageOfNoFormatHereIsRefusedBeforeAnythingIsFetched() {
    // Given
    registry.name(NAME, registry.blob("application/vnd.nobody.knows", "what is this"));

    // When
    InvalidArgumentException refused =
        assertThrows(InvalidArgumentException.class, () -> pull(ImageName.parse(NAME)));

    // Then
    assertTrue(String.valueOf(refused.getMessage()).contains("[kept, text]"), refused::toString);
    assertEquals(List.of(), registry.sent());
    assertNothingNamedOrHeld();
  }

  @Test
  void aLocationOfNoSourceHereIsRefused() {
    InvalidArgumentException refused =
        assertThrows(InvalidArgumentException.class, () -> pull(ImageFile.parse("x:/a")));
    assertTrue(String.valueOf(refused.getMessage()).contains("[docker]"), refused::toString);
  }

  @Test
  void twoSourcesOrFormatsForTheSameAreAMistake() {
    assertThrows(
        FailedPreconditionException.class,
        () -> new ImageSources(Map.of("a", registry, "b", registry)));
    assertThrows(
        FailedPreconditionException.class,
        () -> new ImageFormats(Map.of("a", new KeptFormat(), "b", new KeptFormat())));
  }
}
