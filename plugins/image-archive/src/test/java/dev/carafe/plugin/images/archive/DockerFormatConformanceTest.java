package dev.carafe.plugin.images.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.testkit.images.ImageFormatConformance;
import dev.carafe.testkit.images.SampleImage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The whole conformance suite. */
class DockerFormatConformanceTest extends ImageFormatConformance {
  @Override
  protected ImageFormat open(Path directory) {
    return KeptFormat.DOCKER;
  }

  @Override
  protected Optional<Sample> document() {
    SampleImage image = SampleImage.of(3, 1000, 2000);
    byte[] manifest =
        new String(image.bytes(image.manifest()), UTF_8)
            .replace(image.manifest().mediaType(), DockerArchive.MANIFEST)
            .getBytes(UTF_8);
    Descriptor target =
        new Descriptor(DockerArchive.MANIFEST, Digest.of(manifest), manifest.length);
    Map<Digest, byte[]> blobs = new HashMap<>(image.blobs());
    blobs.put(target.digest(), manifest);
    return Optional.of(new Sample(target, blobs));
  }
}
