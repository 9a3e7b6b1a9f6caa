package dev.carafe.oci;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The device nodes of this machine, for a container that is to have them all. */
public final class HostDevices {
  private static final int TYPE = 0170000;
  private static final int CHARACTER = 0020000;
  private static final int BLOCK = 0060000;
  private static final int MAX_DEPTH = 8;

  /** What a container has of its own. */
  private static final Set<String> OWN = Set.of("pts", "shm", "fd", "mqueue", "console", ".udev");

  private HostDevices() {}

  public static List<Device> below(Path directory) throws IOException {
    List<Device> devices = new ArrayList<>();
    collect(directory, devices, 0);
    return devices;
  }

  private static void collect(Path directory, List<Device> devices, int depth) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (OWN.contains(entry.getFileName().toString())) {
          continue;
        }
        if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          add(entry, devices);
        } else if (depth < MAX_DEPTH) {
          collect(entry, devices, depth + 1);
        }
      }
    }
  }

  private static void add(Path path, List<Device> devices) throws IOException {
    try {
      device(path, LinkOption.NOFOLLOW_LINKS).ifPresent(devices::add);
    } catch (NoSuchFileException e) {
      // Gone since it was listed.
    }
  }

  /** The device at a path, links followed; empty if it is something else. */
  public static Optional<Device> at(Path path) throws IOException {
    return device(path);
  }

  private static Optional<Device> device(Path path, LinkOption... links) throws IOException {
    Map<String, Object> stat = Files.readAttributes(path, "unix:mode,rdev,uid,gid", links);
    long mode = number(stat, "mode");
    long device = number(stat, "rdev");
    boolean character = (mode & TYPE) == CHARACTER;
    if (!character && (mode & TYPE) != BLOCK) {
      return Optional.empty();
    }
    return Optional.of(
        new Device(
            path.toString(),
            character ? "c" : "b",
            (device >> 8 & 0xfff) | (device >> 32 & ~0xfffL),
            (device & 0xff) | (device >> 12 & ~0xffL),
            (int) mode & 07777,
            number(stat, "uid"),
            number(stat, "gid")));
  }

  private static long number(Map<String, Object> stat, String name) {
    return stat.get(name) instanceof Number number ? number.longValue() : 0;
  }
}
