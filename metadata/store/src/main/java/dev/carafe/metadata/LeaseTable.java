package dev.carafe.metadata;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.LeaseManager;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.metadata.Bucket;
import dev.carafe.spi.metadata.KeyRange;
import dev.carafe.spi.metadata.ReadTransaction;
import dev.carafe.spi.metadata.WritableBucket;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Leases of one namespace in the database. */
final class LeaseTable implements LeaseManager {
  private static final int MAX_ID = 1024;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Ledger ledger;
  private final String namespace;

  LeaseTable(Ledger ledger, String namespace) {
    this.ledger = ledger;
    this.namespace = namespace;
  }

  @Override
  public Lease create(String id, Map<String, String> labels) {
    String named = id.isEmpty() ? generatedId() : checkedId(id);
    Map<String, String> checked = Labels.checked(labels);
    return ledger.change(change -> {
      WritableBucket leases =
          Schema.namespace(change.tx(), namespace).createBucketIfAbsent(Schema.LEASES);
      if (leases.bucket(named) != null) {
        throw new AlreadyExistsException("lease \"" + named + "\": already exists");
      }
      Lease lease = new Lease(named, checked, change.now());
      leases.createBucket(named).put(Schema.LEASE, Formats.LEASE.encode(lease));
      change.touch(Node.lease(namespace, named));
      return lease;
    });
  }

  @Override
  public Lease open(Duration life) {
    if (!life.isPositive()) {
      throw new InvalidArgumentException("a lease cannot live for " + life);
    }
    Instant expiry = ledger.now().plus(life).truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
    return create("", Map.of(Labels.GC_EXPIRE, expiry.toString()));
  }

  @Override
  public Lease get(String id) {
    return ledger.view(tx -> {
      Bucket lease = find(tx, id);
      if (lease == null) {
        throw notFound(id);
      }
      return read(id, lease);
    });
  }

  @Override
  public List<Lease> list() {
    return ledger.view(tx -> {
      List<Lease> found = new ArrayList<>();
      Bucket leases = Schema.leases(tx, namespace);
      if (leases != null) {
        leases.forEachBucket(
            KeyRange.ALL,
            (id, lease) -> {
              found.add(read(id, lease));
              return true;
            });
      }
      return List.copyOf(found);
    });
  }

  @Override
  public void delete(String id) {
    ledger.change(change -> {
      WritableBucket leases = change.tx().bucket(Schema.DATA, namespace, Schema.LEASES);
      if (leases == null || id.isEmpty() || !leases.deleteBucket(id)) {
        throw notFound(id);
      }
      change.deletes();
      return null;
    });
  }

  @Override
  public void addResource(String id, Lease.Resource resource) {
    Lease.Resource checked = Resources.checked(resource);
    if (id.isEmpty()) {
      throw notFound(id);
    }
    ledger.change(change -> {
      change.hold(namespace, id, checked);
      return null;
    });
  }

  @Override
  public void deleteResource(String id, Lease.Resource resource) {
    Lease.Resource checked = Resources.checked(resource);
    ledger.change(change -> {
      if (find(change.tx(), id) == null) {
        throw notFound(id);
      }
      change.release(namespace, id, checked);
      change.deletes();
      return null;
    });
  }

  @Override
  public List<Lease.Resource> resources(String id) {
    return ledger.view(tx -> {
      Bucket lease = find(tx, id);
      if (lease == null) {
        throw notFound(id);
      }
      return resources(lease);
    });
  }

  /** What the lease in this bucket holds. */
  static List<Lease.Resource> resources(Bucket lease) {
    List<Lease.Resource> found = new ArrayList<>();
    Bucket resources = lease.bucket(Schema.RESOURCES);
    if (resources != null) {
      resources.forEach((key, _) -> {
        int space = key.indexOf(' ');
        found.add(new Lease.Resource(key.substring(0, space), key.substring(space + 1)));
      });
    }
    return List.copyOf(found);
  }

  static Lease read(String id, Bucket lease) {
    byte[] value = lease.get(Schema.LEASE);
    return value == null ? new Lease(id, Map.of(), Instant.EPOCH) : Formats.LEASE.decode(id, value);
  }

  private @Nullable Bucket find(ReadTransaction tx, String id) {
    Bucket leases = id.isEmpty() ? null : Schema.leases(tx, namespace);
    return leases == null ? null : leases.bucket(id);
  }

  /** Any text that fits into a header: clients name leases after digests and paths. */
  private static String checkedId(String id) {
    if (id.length() > MAX_ID || !id.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new InvalidArgumentException(
          "lease id \""
              + id.substring(0, Math.min(id.length(), 64)).replaceAll("[^ -~]", "?")
              + "\" is not 1 to "
              + MAX_ID
              + " printable ASCII characters");
    }
    return id;
  }

  /** {@code NANOSECONDS-RANDOM} as containerd names leases, and always an identifier. */
  private String generatedId() {
    int nanos = ledger.now().getNano();
    byte[] random = new byte[3];
    while (true) {
      RANDOM.nextBytes(random);
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
      if (text.chars().allMatch(Character::isLetterOrDigit)) {
        return nanos + "-" + text;
      }
    }
  }

  private static NotFoundException notFound(String id) {
    return new NotFoundException("lease \"" + id + "\": not found");
  }
}
