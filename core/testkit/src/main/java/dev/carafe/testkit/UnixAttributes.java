package dev.carafe.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The JDK's attribute view {@code unix} of a file, typed. Does not follow a symbolic link.
 *
 * @param mode type and permission bits
 * @param inode the same for all names of one file
 */
record UnixAttributes(
    int mode, int uid, int gid, long size, int links, Object inode, Object device, FileTime time) {
  static UnixAttributes of(Path file) throws IOException {
    Map<String, Object> read =
        Files.readAttributes(
            file,
            "unix:mode,uid,gid,size,nlink,dev,ino,rdev,lastModifiedTime",
            LinkOption.NOFOLLOW_LINKS);
    return new UnixAttributes(
        (Integer) value(read, "mode"),
        (Integer) value(read, "uid"),
        (Integer) value(read, "gid"),
        (Long) value(read, "size"),
        (Integer) value(read, "nlink"),
        List.of(value(read, "dev"), value(read, "ino")),
        value(read, "rdev"),
        (FileTime) value(read, "lastModifiedTime"));
  }

  private static Object value(Map<String, Object> read, String name) {
    return Objects.requireNonNull(read.get(name), name);
  }
}
