package dev.carafe.services.debug;

import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.LeaseManager;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.spi.errors.NotFoundException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All leases. */
final class LeaseFigures {
  private static final int MOST_SHOWN = 100;

  private LeaseFigures() {}

  static Map<String, Object> read(Metadata metadata) {
    List<Object> rows = new ArrayList<>();
    int count = 0;
    for (Namespace namespace : metadata.namespaces().list()) {
      LeaseManager leases = metadata.stores(namespace).leases();
      for (Lease lease : leases.list()) {
        count++;
        if (rows.size() < MOST_SHOWN) {
          rows.add(row(namespace, lease, held(leases, lease)));
        }
      }
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", count);
    figures.put("list", rows);
    return figures;
  }

  private static int held(LeaseManager leases, Lease lease) {
    try {
      return leases.resources(lease.id()).size();
    } catch (NotFoundException ended) {
      return 0;
    }
  }

  private static Map<String, Object> row(Namespace namespace, Lease lease, int held) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("namespace", namespace.name());
    row.put("id", Limits.text(lease.id()));
    row.put("created", lease.createdAt().toString());
    row.put("expires", Limits.text(lease.labels().getOrDefault(Labels.GC_EXPIRE, "")));
    row.put("resources", held);
    return row;
  }
}
