package dev.carafe.testkit.resources;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes groups by the kernel's files, below {@code /sys/fs/cgroup} as distributions mount it: one
 * directory for each hierarchy of version 1, or version 2 alone.
 */
public final class KernelGroups {
  private static final Path TOP = Path.of("/sys/fs/cgroup");
  private static final String PROCESSES = "cgroup.procs";

  private KernelGroups() {}

  /** Whether this process may make groups. */
  public static boolean isPossible() {
    try {
      return !hierarchies().isEmpty()
          && hierarchies().stream().allMatch(top -> Files.isWritable(top.resolve(PROCESSES)));
    } catch (IOException e) {
      return false;
    }
  }

  /** Makes a group in every hierarchy with a process in it. */
  public static void begin(String path, long pid) throws IOException {
    for (Path top : hierarchies()) {
      Path at = top;
      for (Path name : Path.of(path)) {
        passOnControllers(at);
        Path above = at;
        at = above.resolve(name);
        if (!Files.isDirectory(at)) {
          Files.createDirectory(at);
          inherit(above, at, "cpuset.mems");
          inherit(above, at, "cpuset.cpus");
        }
      }
      write(at.resolve(PROCESSES), Long.toString(pid));
    }
  }

  private static List<Path> hierarchies() throws IOException {
    if (Files.exists(TOP.resolve(PROCESSES))) {
      return List.of(TOP);
    }
    var found = new ArrayList<Path>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(TOP, Files::isDirectory)) {
      for (Path top : all) {
        if (!Files.isSymbolicLink(top) && Files.exists(top.resolve(PROCESSES))) {
          found.add(top);
        }
      }
    }
    return found;
  }

  /** Version 2 only; a controller that cannot be had is done without. */
  private static void passOnControllers(Path group) {
    for (String controller : read(group.resolve("cgroup.controllers")).split("\\s+")) {
      if (!controller.isEmpty()) {
        try {
          write(group.resolve("cgroup.subtree_control"), "+" + controller);
        } catch (IOException e) {
          // Its limits cannot be set, then.
          continue;
        }
      }
    }
  }

  /** In version 1 a set of processors begins empty, and takes no process. */
  private static void inherit(Path above, Path group, String file) throws IOException {
    Path own = group.resolve(file);
    if (Files.exists(own) && Files.exists(TOP.resolve("cpuset")) && read(own).isBlank()) {
      write(own, read(above.resolve(file)).strip());
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }

  static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
  }
}
