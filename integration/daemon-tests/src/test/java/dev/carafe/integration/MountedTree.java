package dev.carafe.integration;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the files of a snapshot, mounted where only one process sees it. */
final class MountedTree {
  private static final int TYPE = 0170000;
  private static final int PAGE = 4096;

  private MountedTree() {}

  /** The files of a committed snapshot. */
  static FileTree of(Lab lab, Carafe carafe, String snapshotter, String chainId) {
    String key = "view-" + chainId.substring(chainId.length() - 12);
    carafe.ok("snapshots", "view", "--snapshotter", snapshotter, key, chainId);
    try {
      Path target = lab.directory("mnt");
      String mount =
          carafe
              .ok("snapshots", "mounts", "--snapshotter", snapshotter, target.toString(), key)
              .strip();
      return read(mount, target);
    } finally {
      carafe.ok("snapshots", "rm", "--snapshotter", snapshotter, key);
    }
  }

  private static FileTree read(String mount, Path target) {
    try (Program.Running holder =
        Program.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "set -e; " + shortened(mount) + "; echo mounted; exec sleep 100")
            .start()) {
      Await.until(
          "mounted: " + mount,
          () -> {
            if (!holder.process().isAlive()) {
              throw new AssertionError(mount + ": " + holder.err());
            }
            return holder.out().contains("mounted");
          });
      return list(Path.of("/proc/" + holder.process().pid() + "/root" + target));
    }
  }

  /**
   * mount(2) takes one page of options: where many layers need more, their directories are named
   * from the one that holds them all, as containerd's clients do.
   */
  private static String shortened(String mount) {
    Matcher snapshots = Pattern.compile("lowerdir=(/\\S*?/snapshots/)").matcher(mount);
    if (mount.length() < PAGE || !snapshots.find()) {
      return mount;
    }
    return "cd " + snapshots.group(1) + "; " + mount.replace(snapshots.group(1), "");
  }

  /** The files of a directory. */
  static FileTree list(Path root) {
    Map<String, Map<String, String>> attributes = attributes(root);
    Map<String, FileTree.Node> nodes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(file -> !file.equals(root)).toList()) {
        String name = "/" + root.relativize(file);
        nodes.put(name, node(file, attributes.getOrDefault(name, Map.of())));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new FileTree(nodes);
  }

  private static FileTree.Node node(Path file, Map<String, String> attributes) throws IOException {
    Map<String, Object> unix =
        Files.readAttributes(
            file,
            "unix:mode,uid,gid,size,dev,ino,rdev,lastModifiedTime",
            LinkOption.NOFOLLOW_LINKS);
    int mode = (Integer) unix.get("mode");
    String type = type(mode);
    String facts =
        switch (type) {
          case "f" -> unix.get("size") + " " + Digests.sha256(file);
          case "l" -> Files.readSymbolicLink(file).toString();
          case "c", "b" -> device((Long) unix.get("rdev"));
          default -> "";
        };
    return new FileTree.Node(
        type,
        mode & 07777,
        (Integer) unix.get("uid"),
        (Integer) unix.get("gid"),
        facts,
        attributes,
        ((FileTime) unix.get("lastModifiedTime")).toInstant(),
        List.of(unix.get("dev"), unix.get("ino")));
  }

  private static String type(int mode) {
    return switch (mode & TYPE) {
      case 0100000 -> "f";
      case 0040000 -> "d";
      case 0120000 -> "l";
      case 0010000 -> "p";
      case 0020000 -> "c";
      case 0060000 -> "b";
      default -> "?";
    };
  }

  /** Major and minor number (makedev(3)). */
  private static String device(long number) {
    long major = ((number >> 8) & 0xfff) | ((number >> 32) & ~0xfffL);
    long minor = (number & 0xff) | ((number >> 12) & ~0xffL);
    return major + ":" + minor;
  }

  /** Extended attributes in hex, by path; overlayfs' own left out. */
  private static Map<String, Map<String, String>> attributes(Path root) {
    String dump =
        Program.of(
                "getfattr",
                "-d",
                "-m",
                "-",
                "-e",
                "hex",
                "-R",
                "-h",
                "--absolute-names",
                root.toString())
            .run()
            .ok();
    Map<String, Map<String, String>> found = new HashMap<>();
    Map<String, String> current = new TreeMap<>();
    for (String line : dump.lines().toList()) {
      if (line.startsWith("# file: ")) {
        current = new TreeMap<>();
        String path = unescape(line.substring("# file: ".length()));
        found.put(path.substring(root.toString().length()), current);
      } else if (line.contains("=0x") && !line.startsWith("trusted.overlay.")) {
        int equals = line.indexOf('=');
        current.put(line.substring(0, equals), line.substring(equals + 3));
      }
    }
    return found;
  }

  /** Undoes getfattr's octal escapes. */
  private static String unescape(String text) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] == '\\' && i + 3 < raw.length) {
        bytes.write(Integer.parseInt(new String(raw, i + 1, 3, StandardCharsets.US_ASCII), 8));
        i += 3;
      } else {
        bytes.write(raw[i]);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
