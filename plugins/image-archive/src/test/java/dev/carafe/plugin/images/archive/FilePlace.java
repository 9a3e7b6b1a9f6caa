package dev.carafe.plugin.images.archive;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.testkit.images.ImageSourceConformance.Place;
import dev.carafe.testkit.images.SampleImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Images in one file or directory, written anew when another one comes. */
final class FilePlace implements Place {
  private final String transport;
  private final boolean packed;
  private final Path scratch;
  private final Path path;
  private final Map<String, SampleImage> images = new LinkedHashMap<>();

  /**
   * @param packed whether the archive is compressed
   */
  FilePlace(String transport, boolean packed, Path directory) throws IOException {
    this.transport = transport;
    this.packed = packed;
    this.scratch = Files.createDirectory(directory.resolve("scratch"));
    this.path = Files.createDirectory(directory.resolve("allowed")).resolve("images");
  }

  @Override
  public ImageSource source() {
    ImageFilesConfig config =
        new ImageFilesConfig(List.of(path.getParent()), 10_000, 1 << 30, 1000);
    return new ImageFiles(config, scratch, new Zstd(scratch));
  }

  @Override
  public SourceOptions options() {
    return SourceOptions.DEFAULT;
  }

  @Override
  public ImageLocation put(SampleImage image, String tag) throws Exception {
    images.put(tag, image);
    Map<String, byte[]> files = transport.equals("docker-archive") ? docker() : layout();
    if (transport.equals("oci")) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path at = path.resolve(file.getKey());
        Files.createDirectories(at.getParent());
        Files.write(at, file.getValue());
      }
    } else {
      Tars tar = new Tars();
      files.forEach(tar::file);
      Files.write(path, packed ? gzip(tar.end()) : tar.end());
    }
    return nothing(tag);
  }

  @Override
  public ImageLocation nothing(String tag) {
    return ImageFile.parse(transport + ":" + path + ":" + tag);
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }

  /** As an archive has them: documents may come last. */
  private Map<String, byte[]> layout() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    List<String> manifests = new ArrayList<>();
    images.forEach((tag, image) -> {
      image.blobs().forEach((digest, bytes) -> files.put("blobs/sha256/" + digest.hex(), bytes));
      String json = SampleImage.json(image.manifest());
      manifests.add(
          json.substring(0, json.length() - 1)
              + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\""
              + tag
              + "\"}}");
    });
    files.put(
        "index.json",
        Tars.utf8("{\"schemaVersion\":2,\"manifests\":[" + String.join(",", manifests) + "]}"));
    files.put("oci-layout", Tars.utf8("{\"imageLayoutVersion\":\"1.0.0\"}"));
    return files;
  }

  private Map<String, byte[]> docker() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    List<String> list = new ArrayList<>();
    images.forEach((tag, image) -> {
      List<String> layers = new ArrayList<>();
      for (Descriptor layer : image.layers()) {
        String name = layer.digest().hex() + ".tar";
        layers.add("\"" + name + "\"");
        files.put(name, image.bytes(layer));
      }
      String config = image.config().digest().hex() + ".json";
      files.put(config, image.bytes(image.config()));
      list.add(
          "{\"Config\":\"%s\",\"RepoTags\":[\"docker.io/library/%s:latest\"],\"Layers\":[%s]}"
              .formatted(config, tag, String.join(",", layers)));
    });
    files.put("manifest.json", Tars.utf8("[" + String.join(",", list) + "]"));
    return files;
  }

  @Override
  public void close() {}
}
