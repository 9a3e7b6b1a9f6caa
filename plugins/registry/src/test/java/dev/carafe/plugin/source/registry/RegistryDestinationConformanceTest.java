package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.testkit.images.ImageDestinationConformance;
import java.io.IOException;
import java.util.Optional;

/** The whole conformance suite, on a registry on loopback. */
class RegistryDestinationConformanceTest extends ImageDestinationConformance {
  @Override
  protected Place place() throws IOException {
    UploadServer registry = new UploadServer();
    return new Place() {
      @Override
      public ImageDestination open() {
        return Sources.plain().destination(registry.authority() + "/one/image:tag", Sources.PLAIN);
      }

      @Override
      public Optional<byte[]> blob(Digest digest) {
        return Optional.ofNullable(registry.blobs.get(digest.toString()));
      }

      @Override
      public Optional<byte[]> manifest(String nameOrDigest) {
        String path = "/v2/one/image/manifests/" + nameOrDigest;
        return Optional.ofNullable(registry.put.get(nameOrDigest))
            .or(() -> Optional.ofNullable(registry.manifests.get(path)));
      }

      @Override
      public String putElsewhere(byte[] bytes) {
        registry.mountable.put("other/image " + Digest.of(bytes), bytes);
        return "other/image";
      }

      @Override
      public void close() {
        registry.close();
      }
    };
  }
}
