package dev.carafe.cri;

import dev.carafe.api.cri.v1.LinuxContainerSecurityContext;
import dev.carafe.api.cri.v1.SupplementalGroupsPolicy;
import dev.carafe.linux.DetachedMount;
import dev.carafe.linux.Fd;
import dev.carafe.linux.RootFile;
import dev.carafe.oci.ContainerUser;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;

/** Who a container's process runs as: what the kubelet says, else what the image says. */
final class ContainerUsers {
  private static final int LIMIT = 10 << 20;

  private ContainerUsers() {}

  /**
   * Resolves.
   *
   * @param rootfs of the container, before anything runs in it
   */
  static ContainerUser of(
      LinuxContainerSecurityContext context, String imageUser, List<Mount> rootfs) {
    String wanted = imageUser;
    if (context.hasRunAsUser()) {
      wanted = Long.toString(context.getRunAsUser().getValue());
    } else if (!context.getRunAsUsername().isEmpty()) {
      wanted = context.getRunAsUsername();
    } else if (context.hasRunAsGroup()) {
      throw new InvalidArgumentException("container: run_as_group without a user");
    }
    ContainerUser user = ContainerUser.resolve(wanted, new Files(rootfs));
    long gid = context.hasRunAsGroup() ? context.getRunAsGroup().getValue() : user.gid();
    if (gid < 0 || gid > Integer.MAX_VALUE) {
      throw new InvalidArgumentException(
          "container: group " + gid + " is not between 0 and " + Integer.MAX_VALUE);
    }
    var groups = new TreeSet<Long>();
    if (context.getSupplementalGroupsPolicy() != SupplementalGroupsPolicy.Strict) {
      groups.addAll(user.additionalGids());
      if (gid != user.gid()) {
        groups.remove(user.gid());
      }
    }
    groups.add(gid);
    groups.addAll(context.getSupplementalGroupsList());
    return new ContainerUser(user.uid(), gid, List.copyOf(groups));
  }

  private record Files(List<Mount> rootfs) implements ContainerUser.Files {
    @Override
    public Iterable<String> passwd() {
      return lines("etc/passwd");
    }

    @Override
    public Iterable<String> group() {
      return lines("etc/group");
    }

    private Iterable<String> lines(String path) {
      try (Fd root = DetachedMount.openLower(rootfs)) {
        String text = new String(RootFile.read(root, path, LIMIT), StandardCharsets.ISO_8859_1);
        return () -> text.lines().iterator();
      }
    }
  }
}
