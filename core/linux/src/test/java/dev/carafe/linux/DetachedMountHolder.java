package dev.carafe.linux;

import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.util.List;

/** A process that holds a detached overlay until it is killed: kind of calls, then its options. */
final class DetachedMountHolder {
  private DetachedMountHolder() {}

  public static void main(String[] arguments) throws IOException {
    boolean modern = Boolean.parseBoolean(arguments[0]);
    Mount mount = new Mount("overlay", "overlay", List.of(arguments).subList(1, arguments.length));
    try (Fd root = new DetachedMount(MountCalls.kernel(), modern).openAll(List.of(mount))) {
      PathCalls.mkdirat(root, RawPath.of("made"), 0700);
      System.out.println("ready");
      System.in.read();
    }
  }
}
