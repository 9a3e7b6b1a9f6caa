package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.testkit.images.ImageSourceConformance;
import dev.carafe.testkit.images.SampleImage;
import java.io.IOException;

/** The whole conformance suite, on a registry on loopback. */
class RegistrySourceConformanceTest extends ImageSourceConformance {
  @Override
  protected Place place() throws IOException {
    FakeRegistry registry = FakeRegistry.plain();
    ImageSource source = Sources.plain().source();
    return new Place() {
      @Override
      public ImageSource source() {
        return source;
      }

      @Override
      public SourceOptions options() {
        return Sources.PLAIN;
      }

      @Override
      public ImageLocation put(SampleImage image, String tag) {
        registry.manifest(
            "some/image", tag, image.bytes(image.manifest()), image.manifest().mediaType());
        image.blobs().values().forEach(bytes -> registry.blob("some/image", bytes));
        return nothing(tag);
      }

      @Override
      public ImageLocation nothing(String tag) {
        return ImageName.parse(registry.authority() + "/some/image:" + tag);
      }

      @Override
      public void close() {
        registry.close();
      }
    };
  }
}
