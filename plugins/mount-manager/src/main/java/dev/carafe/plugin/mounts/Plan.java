package dev.carafe.plugin.mounts;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.mounts.Mount;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to become of a client's mounts.
 *
 * @param steps in order
 * @param made how many of them, from the first, the daemon mounts; the rest is the client's
 */
record Plan(List<Step> steps, int made) {
  private static final int MAX_MOUNTS = 256;
  private static final int MAX_BYTES = 1 << 20;
  private static final String FORMAT = "format/";
  private static final String MKDIR = "mkdir/";
  private static final String MKFS = "mkfs/";
  static final String LOOP = "loop";
  private static final String EROFS = "erofs";

  /**
   * One mount.
   *
   * @param mount with its plain type
   * @param format whether it has templates
   * @param mkdir whether it wants directories
   * @param mkfs whether it wants its source to be a file with a file system
   */
  record Step(Mount mount, boolean format, boolean mkdir, boolean mkfs) {
    boolean isTransformed() {
      return format || mkdir || mkfs;
    }

    /** Whether the daemon has to do it itself: it is no mount, or not one that all can make. */
    boolean isHandled() {
      return mount.type().equals(LOOP) || mount.type().equals(EROFS);
    }
  }

  /**
   * Reads mounts.
   *
   * @param all whether the daemon mounts everything
   * @throws UnimplementedException if nothing is to be done, or a type has an unknown form
   */
  static Plan of(List<Mount> mounts, boolean all) {
    if (mounts.isEmpty() || mounts.size() > MAX_MOUNTS) {
      throw new InvalidArgumentException(
          "mount activation: " + mounts.size() + " mounts, not 1 to " + MAX_MOUNTS);
    }
    int size = 0;
    int made = 0;
    boolean work = all;
    List<Step> steps = new ArrayList<>();
    for (Mount mount : mounts) {
      Step step = step(mount);
      size += mount.source().length() + mount.target().length();
      size += mount.options().stream().mapToInt(String::length).sum();
      if (step.isTransformed()) {
        made = steps.size();
        work = true;
      }
      steps.add(step);
      if (step.isHandled()) {
        made = steps.size();
        work = true;
      }
    }
    if (size > MAX_BYTES) {
      throw new InvalidArgumentException("mount activation: more than " + MAX_BYTES + " bytes");
    }
    if (!work) {
      throw new UnimplementedException(
          "mount activation: no mount needs the daemon, the client can make them");
    }
    return new Plan(List.copyOf(steps), all ? steps.size() : made);
  }

  private static Step step(Mount mount) {
    String type = mount.type();
    boolean format = false;
    boolean mkdir = false;
    boolean mkfs = false;
    while (type.startsWith(FORMAT) || type.startsWith(MKDIR) || type.startsWith(MKFS)) {
      format |= type.startsWith(FORMAT);
      mkdir |= type.startsWith(MKDIR);
      mkfs |= type.startsWith(MKFS);
      type = type.substring(type.indexOf('/') + 1);
    }
    if (type.indexOf('/') >= 0) {
      throw new UnimplementedException(
          "mount type \"" + mount.type().replaceAll("\\p{Cntrl}", "?") + "\": no handler");
    }
    return new Step(
        new Mount(type, mount.source(), mount.target(), mount.options()), format, mkdir, mkfs);
  }
}
