package dev.carafe.integration;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * An entry of a layer's archive. Starts owned by root, with mode 0755 or 0644 and one fixed time;
 * the methods make changed copies.
 *
 * @param path absolute
 * @param target of a symbolic link, or the absolute path of a hard link's other name
 */
record Entry(
    Kind kind,
    String path,
    byte[] content,
    String target,
    int mode,
    int uid,
    int gid,
    Instant time,
    Map<String, byte[]> attributes,
    int major,
    int minor) {
  /** In steps of 100 ns, which is what the archiver writes. */
  static final Instant TIME = Instant.parse("2024-02-29T12:34:56.789012300Z");

  enum Kind {
    FILE,
    DIRECTORY,
    SYMLINK,
    LINK,
    FIFO,
    CHARACTER,
    BLOCK,
    WHITEOUT,
    OPAQUE
  }

  private static Entry of(Kind kind, String path, byte[] content, String target, int mode) {
    return new Entry(kind, path, content, target, mode, 0, 0, TIME, Map.of(), 0, 0);
  }

  static Entry file(String path, String text) {
    return file(path, text.getBytes(StandardCharsets.UTF_8));
  }

  static Entry file(String path, byte[] content) {
    return of(Kind.FILE, path, content, "", 0644);
  }

  static Entry dir(String path) {
    return of(Kind.DIRECTORY, path, new byte[0], "", 0755);
  }

  static Entry symlink(String path, String target) {
    return of(Kind.SYMLINK, path, new byte[0], target, 0777);
  }

  /** A further name of an earlier file of the same layer. */
  static Entry link(String path, String existing) {
    return of(Kind.LINK, path, new byte[0], existing, 0644);
  }

  static Entry fifo(String path) {
    return of(Kind.FIFO, path, new byte[0], "", 0644);
  }

  static Entry character(String path, int major, int minor) {
    return new Entry(
        Kind.CHARACTER, path, new byte[0], "", 0666, 0, 0, TIME, Map.of(), major, minor);
  }

  static Entry block(String path, int major, int minor) {
    return new Entry(Kind.BLOCK, path, new byte[0], "", 0660, 0, 6, TIME, Map.of(), major, minor);
  }

  /** Removes what lower layers have at this path. */
  static Entry whiteout(String path) {
    return of(Kind.WHITEOUT, path, new byte[0], "", 0);
  }

  /** Hides what lower layers have in this directory. */
  static Entry opaque(String path) {
    return of(Kind.OPAQUE, path, new byte[0], "", 0);
  }

  Entry mode(int changed) {
    return new Entry(
        kind, path, content, target, changed, uid, gid, time, attributes, major, minor);
  }

  Entry owner(int changedUid, int changedGid) {
    return new Entry(
        kind, path, content, target, mode, changedUid, changedGid, time, attributes, major, minor);
  }

  Entry time(Instant changed) {
    return new Entry(
        kind, path, content, target, mode, uid, gid, changed, attributes, major, minor);
  }

  Entry attribute(String name, byte[] value) {
    Map<String, byte[]> more = new TreeMap<>(attributes);
    more.put(name, value);
    return new Entry(kind, path, content, target, mode, uid, gid, time, more, major, minor);
  }

  Entry attribute(String name, String value) {
    return attribute(name, value.getBytes(StandardCharsets.UTF_8));
  }

  /** The name in the archive. */
  String archiveName() {
    String relative = path.equals("/") ? "./" : path.substring(1);
    int slash = relative.lastIndexOf('/');
    return switch (kind) {
      case DIRECTORY -> relative.endsWith("/") ? relative : relative + "/";
      case WHITEOUT -> relative.substring(0, slash + 1) + ".wh." + relative.substring(slash + 1);
      case OPAQUE -> relative + "/.wh..wh..opq";
      default -> relative;
    };
  }
}
