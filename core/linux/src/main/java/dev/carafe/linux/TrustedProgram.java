package dev.carafe.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a program may be run with the daemon's rights: only root, or who the daemon runs
 * as, may be able to replace it. The file and its directory belong to one of them and are writable
 * for nobody else.
 */
public final class TrustedProgram {
  private static final int GROUP_OR_OTHERS_WRITE = 0022;

  private TrustedProgram() {}

  /** Why the program must not be run, or null. Follows links to what would run. */
  public static @Nullable String objection(Path program) {
    try {
      Path real = program.toRealPath();
      if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
        return "is not a regular file";
      }
      if (!Files.isExecutable(real)) {
        return "is not executable";
      }
      String objection = objectionTo(real);
      if (objection != null) {
        return objection;
      }
      for (Path directory : new Path[] {real.getParent(), program.toAbsolutePath().getParent()}) {
        String found = directory == null ? null : objectionTo(directory);
        if (found != null) {
          return "directory \"" + directory + "\" " + found;
        }
      }
      return null;
    } catch (IOException e) {
      return "cannot be looked at: " + e.getClass().getSimpleName();
    }
  }

  private static @Nullable String objectionTo(Path path) throws IOException {
    Map<String, Object> facts = Files.readAttributes(path, "unix:uid,mode");
    int uid = facts.get("uid") instanceof Integer number ? number : -1;
    int mode = facts.get("mode") instanceof Integer number ? number : -1;
    if (uid != 0 && uid != ProcessCalls.geteuid()) {
      return "belongs to uid " + uid + ", not to root";
    }
    if ((mode & GROUP_OR_OTHERS_WRITE) != 0) {
      return String.format("is writable for others than its owner (mode %04o)", mode & 07777);
    }
    return null;
  }
}
