package dev.carafe.ctr;

import dev.carafe.api.services.leases.v1.CreateRequest;
import dev.carafe.api.services.leases.v1.DeleteRequest;
import dev.carafe.api.services.leases.v1.Lease;
import dev.carafe.api.services.leases.v1.ListRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;

/** Leases, and with them garbage collection. */
final class LeaseCommands {
  static final String EXPIRE = "containerd.io/gc.expire";

  private final Session session;
  private final Arguments arguments;

  LeaseCommands(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int list() {
    List<Lease> leases =
        session.channel().unary(Api.Leases.LIST, ListRequest.getDefaultInstance()).getLeasesList();
    Table table = new Table("ID", "CREATED", "LABELS");
    for (Lease lease : leases) {
      table.row(
          Text.object(
              "id", lease.getId(),
              "created_at", Text.time(lease.getCreatedAt()),
              "labels", lease.getLabelsMap()),
          lease.getId(),
          Text.time(lease.getCreatedAt()),
          Text.labels(lease.getLabelsMap()));
    }
    table.print(session);
    return 0;
  }

  int create() {
    CreateRequest.Builder request =
        CreateRequest.newBuilder()
            .setId(arguments.value("id", ""))
            .putAllLabels(Text.pairs(arguments.operands()));
    String expires = arguments.valueOrNull("expires");
    if (expires != null) {
      request.putLabels(
          EXPIRE, Instant.now().plus(duration(expires)).truncatedTo(ChronoUnit.SECONDS).toString());
    }
    session
        .out()
        .println(session.channel().unary(Api.Leases.CREATE, request.build()).getLease().getId());
    return 0;
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
    } catch (DateTimeParseException e) {
      throw new UsageException("\"" + text + "\" is not a duration like 30m or 24h");
    }
  }

  int remove() {
    for (String id : arguments.operands()) {
      session
          .channel()
          .unary(
              Api.Leases.DELETE,
              DeleteRequest.newBuilder().setId(id).setSync(arguments.has("sync")).build());
    }
    return 0;
  }

  /** The API has no call for it: the synchronous end of a lease waits for a whole collection. */
  int collect() {
    Lease lease =
        session
            .channel()
            .unary(
                Api.Leases.CREATE,
                CreateRequest.newBuilder()
                    .putLabels(
                        EXPIRE,
                        Instant.now().plusSeconds(60).truncatedTo(ChronoUnit.SECONDS).toString())
                    .build())
            .getLease();
    session
        .channel()
        .unary(
            Api.Leases.DELETE,
            DeleteRequest.newBuilder().setId(lease.getId()).setSync(true).build());
    return 0;
  }
}
