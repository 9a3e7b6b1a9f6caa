package dev.carafe.integration;

import static dev.carafe.integration.Entry.dir;
import static dev.carafe.integration.Entry.file;
import static dev.carafe.integration.Entry.symlink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Images that many tests use, pushed once. */
final class ImageStock {
  private static final List<String> APPLETS =
      List.of(
          "awk",
          "cat",
          "chmod",
          "date",
          "dd",
          "df",
          "echo",
          "env",
          "false",
          "find",
          "grep",
          "head",
          "hostname",
          "id",
          "kill",
          "ls",
          "mkdir",
          "mount",
          "od",
          "ps",
          "pwd",
          "readlink",
          "rm",
          "sed",
          "seq",
          "sh",
          "sha256sum",
          "sleep",
          "sort",
          "stat",
          "stty",
          "tail",
          "test",
          "touch",
          "true",
          "tty",
          "uname",
          "wc",
          "xargs");
  private static final Map<String, Stocked> PUSHED = new ConcurrentHashMap<>();

  /** An image with its name in the registry. */
  record Stocked(TestImage image, String name, String repository) {}

  private ImageStock() {}

  /**
   * Debian's static busybox with some of its commands, and two users: root and {@code nobody}
   * (65534).
   */
  static Stocked busybox() {
    return pushed("busybox", () -> TestImage.of(busyboxLayer()));
  }

  static Layer busyboxLayer() {
    List<Entry> entries = new ArrayList<>();
    for (String directory : List.of("/bin", "/dev", "/etc", "/home", "/proc", "/root", "/sys")) {
      entries.add(dir(directory));
    }
    entries.add(dir("/tmp").mode(01777));
    entries.add(dir("/home/nobody").owner(65534, 65534));
    try {
      entries.add(file("/bin/busybox", Files.readAllBytes(Setup.tool("busybox"))).mode(0755));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String applet : APPLETS) {
      entries.add(symlink("/bin/" + applet, "busybox"));
    }
    entries.add(
        file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home/nobody:/bin/sh\n"));
    entries.add(file("/etc/group", "root:x:0:\nnogroup:x:65534:\nstaff:x:50:nobody\n"));
    return Layer.of(entries);
  }

  /** Eight layers of bytes that do not compress, 4 MB in all. */
  static Stocked eightLayers() {
    return pushed("eight", () -> TestImage.of(randomLayers(8, 512 << 10, 8)));
  }

  /** Layers with one file each; the same seed makes the same bytes. */
  static List<Layer> randomLayers(int count, int size, long seed) {
    Random random = new Random(seed);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      layers.add(
          Layer.of(dir("/data"), file("/data/layer" + i, bytes), file("/data/top", "layer " + i)));
    }
    return layers;
  }

  /** Pushes an image unless that was done before. */
  static Stocked pushed(String repository, Supplier<TestImage> image) {
    return PUSHED.computeIfAbsent(
        repository,
        name -> {
          TestImage made = image.get();
          return new Stocked(made, TestRegistry.shared().push(made, name), name);
        });
  }
}
