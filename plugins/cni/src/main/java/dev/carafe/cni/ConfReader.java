package dev.carafe.cni;

import dev.carafe.oci.Json;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/** Reads the configurations of a directory in the order of their names. */
final class ConfReader {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_ENTRIES = 1000;

  private ConfReader() {}

  /**
   * What a directory has.
   *
   * @param networks the first that can be used
   * @param problem why there are none; empty if there are some
   * @param skipped what is wrong with files that were passed over
   */
  record Loaded(List<Network> networks, String problem, List<String> skipped) {
    Loaded {
      networks = List.copyOf(networks);
      skipped = List.copyOf(skipped);
    }

    static Loaded failed(String problem) {
      return new Loaded(List.of(), problem, List.of());
    }

    String summary() {
      return networks.isEmpty() ? "cni config load failed: " + problem : NetworkStatus.LOADED;
    }
  }

  static Loaded read(CniConfig.Directory directory) {
    List<Path> files;
    try {
      files = list(directory.path());
    } catch (NoSuchFileException e) {
      return Loaded.failed(
          "no network config found in " + directory.path() + ": no such directory");
    } catch (IOException | DirectoryIteratorException e) {
      return Loaded.failed("cannot list " + directory.path() + ": " + e.getClass().getSimpleName());
    }
    if (files.isEmpty()) {
      return Loaded.failed("no network config found in " + directory.path());
    }
    List<Network> networks = new ArrayList<>();
    List<String> skipped = new ArrayList<>();
    for (Path file : files) {
      if (networks.size() == directory.most()) {
        break;
      }
      try {
        Network network = read(file);
        if (networks.stream().anyMatch(other -> other.name().equals(network.name()))) {
          skipped.add(file + ": there is a network \"" + network.name() + "\" already");
        } else {
          networks.add(network);
        }
      } catch (InvalidArgumentException e) {
        skipped.add(Text.shown(e.getMessage()));
      } catch (IOException e) {
        skipped.add(file + ": cannot be read: " + e.getClass().getSimpleName());
      }
    }
    String problem =
        networks.isEmpty()
            ? "no valid network config found in "
                + directory.path()
                + ": "
                + String.join("; ", skipped)
            : "";
    return new Loaded(networks, problem, skipped);
  }

  private static List<Path> list(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    int entries = 0;
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      for (Path file : found) {
        if (++entries > MAX_ENTRIES) {
          throw new IOException("more than " + MAX_ENTRIES + " entries");
        }
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".conflist") || name.endsWith(".conf") || name.endsWith(".json")) {
          files.add(file);
        }
      }
    }
    files.sort(null);
    return files;
  }

  private static Network read(Path file) throws IOException {
    BasicFileAttributes facts = Files.readAttributes(file, BasicFileAttributes.class);
    if (!facts.isRegularFile()) {
      throw new InvalidArgumentException(file + ": not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new InvalidArgumentException(file + ": larger than " + MAX_BYTES + " bytes");
      }
      return Network.of(Json.object(file.toString(), bytes), file.toString());
    }
  }
}
