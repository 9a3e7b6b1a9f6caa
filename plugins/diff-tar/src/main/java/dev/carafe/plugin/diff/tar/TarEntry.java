package dev.carafe.plugin.diff.tar;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One entry as the archive's headers put it together; nothing in it is checked against a tree.
 *
 * @param name raw bytes, without NUL
 * @param link target of a symbolic or hard link, raw bytes without NUL
 * @param storedBytes length of the body in the archive
 * @param sparse where the body's bytes belong; null if they are the file
 * @param mode permission bits
 * @param uid 0 to 2³²-2
 * @param gid 0 to 2³²-2
 * @param access time of last access; the modification time if the archive has none
 * @param major of a device, 0 to 4095
 * @param minor of a device, 0 to 1048575
 * @param xattrs extended attributes by name, in the archive's order
 */
record TarEntry(
    EntryType type,
    byte[] name,
    byte[] link,
    long storedBytes,
    @Nullable SparseMap sparse,
    int mode,
    long uid,
    long gid,
    TarTime modified,
    TarTime access,
    int major,
    int minor,
    Map<String, byte[]> xattrs) {

  /** The same, but root's. */
  TarEntry ownedByRoot() {
    return new TarEntry(
        type, name, link, storedBytes, sparse, mode, 0, 0, modified, access, major, minor, xattrs);
  }

  /** The size of the file that the body makes. */
  long fileBytes() {
    return sparse == null ? storedBytes : sparse.fileBytes();
  }
}
