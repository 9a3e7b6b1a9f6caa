package dev.carafe.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether code may be loaded from a path: only root may be able to change it. The file, its
 * directory and all directories above belong to root and are writable for nobody else; a sticky
 * directory above (as {@code /tmp}) is fine, since nobody can replace what is root's in it.
 */
final class JarTrust {
  private static final int GROUP_OR_OTHERS_WRITE = 0022;
  private static final int STICKY = 01000;

  private JarTrust() {}

  /**
   * Why the jar cannot be trusted, or null.
   *
   * @param jar a real path, without links
   */
  static @Nullable String objection(Path jar) throws IOException {
    if (!Files.isRegularFile(jar, LinkOption.NOFOLLOW_LINKS)) {
      return "is not a regular file";
    }
    String objection = objectionTo(jar, false);
    Path directory = jar.getParent();
    for (Path above = directory; objection == null && above != null; above = above.getParent()) {
      String found = objectionTo(above, !above.equals(directory));
      objection = found == null ? null : "directory \"" + above + "\" " + found;
    }
    return objection;
  }

  private static @Nullable String objectionTo(Path path, boolean mayBeSticky) throws IOException {
    Map<String, Object> facts =
        Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
    int uid = facts.get("uid") instanceof Integer number ? number : -1;
    int mode = facts.get("mode") instanceof Integer number ? number : -1;
    if (uid != 0) {
      return "belongs to uid " + uid + ", not to root";
    }
    if ((mode & GROUP_OR_OTHERS_WRITE) != 0 && !(mayBeSticky && (mode & STICKY) != 0)) {
      return String.format("is writable for others than root (mode %04o)", mode & 07777);
    }
    return null;
  }
}
