package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import java.util.List;
import java.util.Map;

/**
 * The image source: what outlives a pull or push is its configuration and the system's
 * certificates.
 */
final class RegistrySource implements ImageSource {
  private final HostsDirectory directory;
  private final Timing timing;
  private final Map<String, String> environment;
  private final Tls tls;
  private final Pause pause;
  private final long uploadChunk;

  /**
   * @param environment for the proxy variables and {@code SSL_CERT_FILE}
   */
  RegistrySource(RegistryConfig config, Map<String, String> environment, Pause pause) {
    this(
        new HostsDirectory(RegistryConfig.directories(config.configPath())),
        Timing.of(config),
        environment,
        pause,
        config.uploadChunk());
  }

  RegistrySource(
      HostsDirectory directory,
      Timing timing,
      Map<String, String> environment,
      Pause pause,
      long uploadChunk) {
    this.directory = directory;
    this.timing = timing;
    this.environment = Map.copyOf(environment);
    this.tls = new Tls(new SystemTrust(environment));
    this.pause = pause;
    this.uploadChunk = uploadChunk;
  }

  @Override
  public Repository open(ImageLocation location, SourceOptions options) {
    if (!(location instanceof ImageName name)) {
      throw new InvalidArgumentException("image \"" + location + "\": is at no registry");
    }
    return RegistryRepository.open(name, sessions(name, options, "pull"), timing, pause);
  }

  @Override
  public ImageDestination destination(ImageName name, SourceOptions options) {
    return RegistryDestination.open(
        name, sessions(name, options, "pull,push"), timing, pause, uploadChunk);
  }

  /**
   * @param actions what tokens are asked for
   */
  private List<HostSession> sessions(ImageName name, SourceOptions options, String actions) {
    options
        .headers()
        .forEach((field, value) -> {
          if (!Headers.isName(field) || !Headers.isValue(value) || HostSession.isFraming(field)) {
            throw new InvalidArgumentException(
                "header \"" + Redaction.text(field) + "\" cannot be sent");
          }
        });
    Proxies proxies = Proxies.of(environment);
    return directory.hosts(name.host(), options).stream()
        .map(host ->
            new HostSession(
                host,
                options.headers(),
                options.plainHttp(),
                options.credentials(),
                "repository:" + name.repository() + ":" + actions,
                tls,
                proxies,
                timing,
                options.trace()))
        .toList();
  }
}
