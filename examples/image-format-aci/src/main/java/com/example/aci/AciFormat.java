package com.example.aci;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.DataLossException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/**
 * App Container Images: an archive with the file {@code manifest} and the directory {@code rootfs},
 * compressed with gzip, bzip2, xz or not at all (appc specification, "App Container Image"). Its
 * files become one layer, its manifest the configuration; see {@link OciImage}.
 */
final class AciFormat implements ImageFormat {
  private final AciFactory.Config limits;

  AciFormat(AciFactory.Config limits) {
    this.limits = limits;
  }

  /** No registry has such images: there are archives only. */
  @Override
  public Set<String> mediaTypes() {
    return Set.of();
  }

  @Override
  public Descriptor convert(Descriptor target, ImageSource.Repository from, ContentStore content) {
    throw new UnimplementedException("ACI: these images come in archives only");
  }

  @Override
  public boolean recognises(byte[] beginning) {
    return Archive.beginsLikeOne(beginning);
  }

  @Override
  public Descriptor read(InputStream archive, ContentStore content) {
    Blobs blobs = new Blobs(content);
    try (Blobs.Layer layer = blobs.layer()) {
      byte[] manifest = Archive.split(archive, layer.out(), limits);
      AppManifest app = AppManifest.parse(manifest);
      return OciImage.store(app, layer.store(), blobs);
    } catch (Archive.BrokenException e) {
      throw new DataLossException("ACI: " + e.getMessage(), e);
    } catch (IOException e) {
      throw e.getMessage() != null && e.getMessage().startsWith("Corrupted TAR")
          ? new InvalidArgumentException("ACI: " + e.getMessage(), e)
          : new DataLossException("ACI: damaged, or ends too early: " + e.getMessage(), e);
    }
  }
}
