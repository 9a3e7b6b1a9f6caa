package dev.carafe.ctr;

import com.google.protobuf.Empty;
import dev.carafe.api.services.events.v1.SubscribeRequest;
import dev.carafe.api.services.introspection.v1.DeprecationWarning;
import dev.carafe.api.services.introspection.v1.ServerResponse;
import dev.carafe.api.services.version.v1.VersionResponse;
import dev.carafe.api.types.Envelope;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.oci.RuntimeSpec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What is about no kind of thing: versions, events, many commands at once. */
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
    VersionResponse server =
        session.channel().unary(Api.Version.VERSION, Empty.getDefaultInstance());
    if (session.json()) {
      session
          .out()
          .println(
              Text.json(
                  Text.object(
                      "client", clientVersion(),
                      "server", server.getVersion(),
                      "revision", server.getRevision())));
    } else {
      String version = (server.getVersion() + " " + server.getRevision()).strip();
      session.out().println("client  " + clientVersion());
      session.out().println("server  " + Text.printable(version));
    }
    return 0;
  }

  private ServerResponse server() {
    return session.channel().unary(Api.Introspection.SERVER, Empty.getDefaultInstance());
  }

  /** The daemon's process and the id of its root directory. */
  int info() {
    ServerResponse server = server();
    session
        .out()
        .println(
            Text.json(
                Text.object(
                    "uuid", server.getUuid(),
                    "pid", server.getPid(),
                    "pidns", server.getPidns())));
    return 0;
  }

  /** What clients use that will go. */
  int deprecations() {
    Table table = new Table("ID", "LAST OCCURRENCE", "MESSAGE");
    for (DeprecationWarning warning : server().getDeprecationsList()) {
      table.row(
          Text.object(
              "id", warning.getId(),
              "last_occurrence", Text.time(warning.getLastOccurrence()),
              "message", warning.getMessage()),
          warning.getId(),
          Text.time(warning.getLastOccurrence()),
          warning.getMessage());
    }
    table.print(session);
    return 0;
  }

  /** The specification that a container is given when no flag says otherwise. */
  int specification() {
    byte[] json =
        new RuntimeSpec("/" + session.namespace() + "/ID", SpecFlags.cgroupV2())
            .args(List.of("sh"))
            .json();
    session.out().println(new String(json, StandardCharsets.UTF_8));
    return 0;
  }

  /** Prints until the daemon or the reader of the output goes away. */
  int events() {
    Output out = session.out();
    SubscribeRequest request =
        SubscribeRequest.newBuilder().addAllFilters(session.arguments().operands()).build();
    try (Call<SubscribeRequest, Envelope> events =
        session.channel().stream(Api.Events.SUBSCRIBE, request)) {
      for (Envelope event = events.receive(); event != null; event = events.receive()) {
        Object body = EventText.fields(event.getEvent());
        String time = Text.time(event.getTimestamp());
        out.println(
            session.json()
                ? Text.json(
                    Text.object(
                        "timestamp",
                        time,
                        "namespace",
                        event.getNamespace(),
                        "topic",
                        event.getTopic(),
                        "event",
                        body))
                : Text.printable(
                    time
                        + (" " + event.getNamespace() + " " + event.getTopic() + " ")
                        + Text.json(body)));
        if (out.checkError()) {
          return 1;
        }
      }
    }
    return 0;
  }

  /**
   * Runs the command lines on standard input, as if this program were started for each; returns the
   * last exit code that is not 0.
   */
  int batch() throws IOException {
    int code = 0;
    var lines =
        new BufferedReader(new InputStreamReader(session.streams().in(), StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      List<String> words = split(line);
      if (!words.isEmpty() && !words.getFirst().startsWith("#")) {
        words.addAll(0, List.of("--address", session.address()));
        words.addAll(2, List.of("--namespace", session.namespace()));
        int own = Main.run(words, session.streams());
        code = own == 0 ? code : own;
        session.out().flush();
      }
    }
    return code;
  }

  /** Words between blanks; quotes of either kind hold a word together. */
  static List<String> split(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inside = false;
    char quote = 0;
    for (char c : line.toCharArray()) {
      if (quote != 0 ? c == quote : c == '"' || c == '\'') {
        quote = quote == 0 ? c : 0;
        inside = true;
      } else if (quote != 0 || !Character.isWhitespace(c)) {
        word.append(c);
        inside = true;
      } else if (inside) {
        words.add(word.toString());
        word.setLength(0);
        inside = false;
      }
    }
    if (quote != 0) {
      throw new UsageException("a quote is not closed: " + line);
    }
    if (inside) {
      words.add(word.toString());
    }
    return words;
  }
}
