package dev.carafe.spi.runtimes;

import java.nio.file.Path;

/**
 * Which task.
 *
 * @param bundle a private directory for this task that the daemon made and removes; survives the
 *     daemon, not a reboot
 */
public record TaskLocation(String namespace, String id, Path bundle) {
  @Override
  public String toString() {
    return namespace + "/" + id;
  }
}
