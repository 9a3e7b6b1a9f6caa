package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** An image source for tests: short limits, pauses that are remembered and not waited for. */
final class Sources {
  static final Timing TIMING =
      new Timing(
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          3);

  final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());
  private final List<Path> directories;
  private final Timing timing;
  private final Map<String, String> environment;
  private long uploadChunk;

  private Sources(List<Path> directories, Timing timing, Map<String, String> environment) {
    this.directories = directories;
    this.timing = timing;
    this.environment = environment;
  }

  static Sources plain() {
    return new Sources(List.of(), TIMING, Map.of());
  }

  static Sources configured(Path... directories) {
    return new Sources(List.of(directories), TIMING, Map.of());
  }

  Sources with(Timing other) {
    return new Sources(directories, other, environment);
  }

  Sources with(Map<String, String> other) {
    return new Sources(directories, timing, other);
  }

  /** Sends blobs in chunks. */
  Sources chunked(long bytes) {
    Sources chunked = new Sources(directories, timing, environment);
    chunked.uploadChunk = bytes;
    return chunked;
  }

  ImageSource.Repository open(String name, SourceOptions options) {
    return source().open(ImageName.parse(name), options);
  }

  ImageDestination destination(String name, SourceOptions options) {
    return source().destination(ImageName.parse(name), options);
  }

  RegistrySource source() {
    return new RegistrySource(
        new HostsDirectory(directories),
        timing,
        environment,
        time -> pauses.add(time),
        uploadChunk);
  }

  /** Over plain HTTP, without credentials. */
  ImageSource.Repository open(String name) {
    return open(name, PLAIN);
  }

  static final SourceOptions PLAIN =
      new SourceOptions((host, challenges) -> Optional.empty(), Map.of(), true, false, "");

  static SourceOptions plain(Credentials credentials) {
    return new SourceOptions(
        (host, challenges) -> Optional.of(credentials), Map.of(), true, false, "");
  }

  /** Writes a hosts.toml for a host and gives the directory to configure. */
  static Path hosts(Path directory, String host, String... lines) throws IOException {
    Path folder = Files.createDirectories(directory.resolve(host));
    Files.writeString(folder.resolve("hosts.toml"), String.join("\n", lines) + "\n");
    return directory;
  }

  static Descriptor layer(byte[] bytes) {
    return new Descriptor(
        "application/vnd.oci.image.layer.v1.tar+gzip", Digest.of(bytes), bytes.length);
  }

  static byte[] fetch(ImageSource.Repository repository, Descriptor descriptor, long offset)
      throws IOException {
    try (InputStream in = repository.fetch(descriptor, offset)) {
      return in.readAllBytes();
    }
  }

  /** The same bytes for the same seed. */
  static byte[] noise(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static final byte[] MANIFEST =
      utf8(
          "{\"schemaVersion\":2,\"mediaType\":\""
              + FakeRegistry.OCI_MANIFEST
              + "\",\"config\":{},\"layers\":[]}");
}
