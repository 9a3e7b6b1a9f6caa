package dev.carafe.cri;

import dev.carafe.api.cri.v1.DNSConfig;
import dev.carafe.linux.Mounter;
import dev.carafe.linux.TreeRemover;
import dev.carafe.spi.mounts.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a pod's containers share besides namespaces, in a directory that a reboot empties.
 *
 * <pre>
 * ID/
 *   resolv.conf, hostname   where the pod has them
 *   shm                     its /dev/shm, a tmpfs
 * </pre>
 */
final class PodFiles {
  private static final Path HOST_RESOLV = Path.of("/etc/resolv.conf");

  private final Path state;
  private final Mounter mounter;

  PodFiles(Path state, Mounter mounter) {
    this.state = state;
    this.mounter = mounter;
  }

  Path resolvConf(Pod pod) {
    return directory(pod).resolve("resolv.conf");
  }

  Path hostname(Pod pod) {
    return directory(pod).resolve("hostname");
  }

  Path shm(Pod pod) {
    return pod.hostIpc() ? Path.of("/dev/shm") : directory(pod).resolve("shm");
  }

  private Path directory(Pod pod) {
    return state.resolve(pod.id());
  }

  void create(Pod pod) {
    try {
      Files.createDirectories(directory(pod));
      if (!pod.config().getHostname().isEmpty()) {
        Files.writeString(hostname(pod), pod.config().getHostname() + "\n");
      }
      if (pod.config().hasDnsConfig()) {
        Files.writeString(resolvConf(pod), resolvConf(pod.config().getDnsConfig()));
      } else if (Files.exists(HOST_RESOLV)) {
        Files.write(resolvConf(pod), Files.readAllBytes(HOST_RESOLV));
      }
      if (!pod.hostIpc()) {
        Files.createDirectories(shm(pod));
        mounter.mount(
            List.of(
                new Mount(
                    "tmpfs",
                    "shm",
                    "",
                    List.of("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"))),
            shm(pod));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("files of pod " + pod.id(), e);
    }
  }

  private static String resolvConf(DNSConfig dns) {
    StringBuilder text = new StringBuilder();
    if (dns.getSearchesCount() > 0) {
      text.append("search ").append(String.join(" ", dns.getSearchesList())).append('\n');
    }
    dns.getServersList().forEach(server -> text.append("nameserver ").append(server).append('\n'));
    if (dns.getOptionsCount() > 0) {
      text.append("options ").append(String.join(" ", dns.getOptionsList())).append('\n');
    }
    return text.toString();
  }

  /** Idempotent. */
  void remove(Pod pod) {
    Path directory = directory(pod);
    if (Files.exists(directory)) {
      Path shm = directory.resolve("shm");
      if (!mounter.unmountAt(shm)) {
        mounter.detachAll(shm);
      }
      TreeRemover.remove(directory);
    }
  }
}
