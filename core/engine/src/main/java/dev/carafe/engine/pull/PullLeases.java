package dev.carafe.engine.pull;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.LeaseManager;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases of pulls, pushes, imports and exports whose callers brought none. They carry a label, by
 * which those of a daemon that was killed are known: such a flow does not outlive its daemon, so
 * what it had made so far is not held any longer.
 */
public final class PullLeases {
  /** On leases that end with a pull. */
  static final String LABEL = "dev.carafe/pull";

  private static final Logger LOG = LoggerFactory.getLogger(PullLeases.class);
  private static final Duration LIFE = Duration.ofHours(24);

  private static final int LONGEST = 1000;

  private final Metadata metadata;

  public PullLeases(Metadata metadata) {
    this.metadata = metadata;
  }

  /** A lease of its own for one flow, named for people after the image. */
  public Lease open(LeaseManager leases, String image) {
    Instant expiry = Instant.now().plus(LIFE).truncatedTo(ChronoUnit.SECONDS);
    return leases.create("", Map.of(Labels.GC_EXPIRE, expiry.toString(), LABEL, shown(image)));
  }

  /** A label has a limit, a name has none. */
  private static String shown(String image) {
    return image.length() <= LONGEST ? image : image.substring(0, LONGEST);
  }

  /** Ends the leases that an earlier daemon left. To be called before the first pull. */
  void endAbandoned() {
    for (Namespace namespace : metadata.namespaces().list()) {
      LeaseManager leases = metadata.stores(namespace).leases();
      for (Lease lease : leases.list()) {
        String image = lease.labels().get(LABEL);
        if (image != null) {
          LOG.info("pull of {} in namespace {}: was cut off", image, namespace);
          leases.delete(lease.id());
        }
      }
    }
  }
}
