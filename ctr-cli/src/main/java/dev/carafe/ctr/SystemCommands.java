package dev.carafe.ctr;

import com.google.protobuf.Empty;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.services.version.v1.VersionResponse;
import dev.carafe.api.types.Envelope;
import dev.carafe.ctr.grpc.Call;

/** Versions and events. */
final class SystemCommands {
  private final Session session;

  SystemCommands(Session session) {
    this.session = session;
  }

  static String clientVersion() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  int version() {
    VersionResponse server = session.channel().unary(Api.Version.VERSION, Empty.getDefaultInstance());
    if (session.json()) {
      Text.json(
          session.out(),
          Text.object(
              "client", clientVersion(), "server", server.getVersion(), "revision", server.getRevision()));
    } else {
      session.out().println("client  " + clientVersion());
      session.out().println("server  " + (server.getVersion() + " " + server.getRevision()).strip());
    }
    return 0;
  }

  int events() {
    SubscribeRequest request =
        SubscribeRequest.newBuilder().addAllFilters(session.arguments().operands()).build();
    try (Call<SubscribeRequest, Envelope> events =
        session.channel().stream(Api.Events.SUBSCRIBE, request)) {
      for (Envelope event = events.receive(); event != null; event = events.receive()) {
        Object body = EventText.fields(event.getEvent());
        if (session.json()) {
          Text.json(
              session.out(),
              Text.object(
                  "timestamp", Text.time(event.getTimestamp()),
                  "namespace", event.getNamespace(),
                  "topic", event.getTopic(),
                  "event", body));
        } else {
          session
              .out()
              .println(
                  Text.time(event.getTimestamp()) + " " + event.getNamespace() + " " + event.getTopic() + " " + new String(dev.carafe.oci.Json.bytes(body), java.nio.charset.StandardCharsets.UTF_8));
        }
        session.out().flush();
      }
    }
    return 0;
  }
}
