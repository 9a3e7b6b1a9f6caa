package dev.carafe.spi.images;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.plugins.Deadline;
import java.util.Optional;

/**
 * Knows who the daemon is at registries. Asked when a host demands proof and the client of the pull
 * has given none; with several providers in the order of their ids, and the first answer counts.
 *
 * <h2>The daemon guarantees</h2>
 *
 * <ul>
 *   <li>It asks at most once for each host of a pull, and only after that host's challenge.
 *   <li>What is returned goes to {@link Query#host} and to the token service that it names, to
 *       nobody else, and into no log.
 * </ul>
 *
 * <h2>You guarantee</h2>
 *
 * <ul>
 *   <li>The answer is for {@link Query#host}: a mirror gets what is its own, never what belongs to
 *       the host that it mirrors.
 *   <li>No secret is in the message of an exception.
 * </ul>
 */
@FunctionalInterface
public interface CredentialProvider {
  /**
   * Looks up; empty if it knows nothing of that host.
   *
   * @throws UnavailableException if it cannot be known now: the daemon logs that and goes on
   *     without
   */
  @Deadline(60)
  Optional<Credentials> find(Query query);

  /**
   * Who asks.
   *
   * @param host with port where given, as in the registry's address; {@code registry-1.docker.io}
   *     for Docker Hub
   * @param image whose pull it is for; its host differs from {@code host} at a mirror
   */
  record Query(String host, ImageName image) {}
}
