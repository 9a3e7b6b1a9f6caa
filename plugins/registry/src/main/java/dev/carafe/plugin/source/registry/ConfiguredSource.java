package dev.carafe.plugin.source.registry;

import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.plugins.Reloadable;
import java.util.Set;
import java.util.function.Function;

/**
 * The image source as the daemon sees it: the configuration can be changed while it runs, and who
 * has no credentials from the client gets the daemon's.
 */
final class ConfiguredSource implements ImageSource, Reloadable<RegistryConfig> {
  private final Function<RegistryConfig, ImageSource> make;
  private final CredentialChain credentials;
  private volatile ImageSource current;

  ConfiguredSource(
      RegistryConfig config,
      CredentialChain credentials,
      Function<RegistryConfig, ImageSource> make) {
    this.make = make;
    this.credentials = credentials;
    this.current = make.apply(config);
  }

  @Override
  public Set<String> transports() {
    return current.transports();
  }

  @Override
  public Repository open(ImageLocation location, SourceOptions options) {
    return current.open(
        location, location instanceof ImageName name ? provided(name, options) : options);
  }

  @Override
  public ImageDestination destination(ImageName name, SourceOptions options) {
    return current.destination(name, provided(name, options));
  }

  private SourceOptions provided(ImageName name, SourceOptions options) {
    return new SourceOptions(
        credentials.behind(options.credentials(), name),
        options.headers(),
        options.plainHttp(),
        options.skipVerify(),
        options.hostDirectory(),
        options.trace());
  }

  /** Pulls under way end as they began. */
  @Override
  public void reload(RegistryConfig config) {
    current = make.apply(config);
  }
}
