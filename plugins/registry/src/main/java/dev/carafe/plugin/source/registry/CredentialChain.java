package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has credentials for a host: the client of the pull first, then the daemon's providers in the
 * order of their ids. A provider that fails is passed over, as images may be public; the log says
 * why.
 */
final class CredentialChain {
  private static final Logger log = LoggerFactory.getLogger(CredentialChain.class);
  static final CredentialChain NONE = new CredentialChain(Map.of());

  private final Map<String, CredentialProvider> providers;

  /**
   * @param providers by id; may be a live view
   */
  CredentialChain(Map<String, CredentialProvider> providers) {
    this.providers = providers;
  }

  /** The search for one pull, by host. */
  BiFunction<String, List<String>, Optional<Credentials>> behind(
      BiFunction<String, List<String>, Optional<Credentials>> client, ImageName image) {
    if (providers.isEmpty()) {
      return client;
    }
    return (host, challenges) -> {
      Optional<Credentials> given = client.apply(host, challenges);
      return given.isPresent() ? given : find(new CredentialProvider.Query(host, image));
    };
  }

  private Optional<Credentials> find(CredentialProvider.Query query) {
    for (Map.Entry<String, CredentialProvider> provider : new TreeMap<>(providers).entrySet()) {
      try {
        Optional<Credentials> found = provider.getValue().find(query);
        if (found.isPresent()) {
          log.debug("credentials for {} are from {}", query.host(), provider.getKey());
          return found;
        }
      } catch (CancelledException e) {
        throw e;
      } catch (RuntimeException e) {
        log.warn("credentials for {}: {}: {}", query.host(), provider.getKey(), e.getMessage());
      }
    }
    return Optional.empty();
  }
}
