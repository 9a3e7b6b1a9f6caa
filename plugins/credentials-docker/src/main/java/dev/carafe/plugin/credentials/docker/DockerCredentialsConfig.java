package dev.carafe.plugin.credentials.docker;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Where the daemon's own registry credentials are. */
public record DockerCredentialsConfig(
    @Description(
            "Docker configuration files, for example /root/.docker/config.json; read at every pull,"
                + " and the first that has something for a host counts. Empty: the daemon has no"
                + " credentials of its own.")
        List<Path> configFiles,
    @Description(
            "Directories with docker-credential-NAME programs; empty for those of PATH. Programs"
                + " that others than root can replace are not run.")
        List<Path> helperDirs,
    @Description("How long a credential helper may take, 1s to 50s.") Duration helperTimeout) {
  private static final Duration LONGEST = Duration.ofSeconds(50);

  public static final DockerCredentialsConfig DEFAULT =
      new DockerCredentialsConfig(List.of(), List.of(), Duration.ofSeconds(20));

  public DockerCredentialsConfig {
    configFiles = absolute("config_files", configFiles);
    helperDirs = absolute("helper_dirs", helperDirs);
    if (helperTimeout.toMillis() < 1000 || helperTimeout.compareTo(LONGEST) > 0) {
      throw new InvalidArgumentException("helper_timeout is not in 1s to 50s");
    }
  }

  private static List<Path> absolute(String key, List<Path> paths) {
    for (Path path : paths) {
      if (!path.isAbsolute()) {
        throw new InvalidArgumentException(key + ": \"" + path + "\" is not an absolute path");
      }
    }
    return List.copyOf(paths);
  }
}
