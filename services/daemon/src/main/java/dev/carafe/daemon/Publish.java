package dev.carafe.daemon;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import dev.carafe.api.services.events.ttrpc.v1.ForwardRequest;
import dev.carafe.api.types.Envelope;
import dev.carafe.ttrpc.CallOptions;
import dev.carafe.ttrpc.TtrpcClient;
import dev.carafe.ttrpc.TtrpcException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code carafed publish}: publishes the event on standard input, for shims that cannot themselves
 * ({@code -publish-binary}). A shim runs it for each event, so it loads little: no gRPC, no
 * plugins. The daemon takes it as any shim's event, so that what the engine tells itself is not
 * told twice.
 */
public final class Publish {
  private static final String DEFAULT_ADDRESS = "/run/carafe/carafe.sock";
  private static final String SERVICE = "containerd.services.events.ttrpc.v1.Events";
  private static final List<String> FLAGS = List.of("address", "topic", "namespace");
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What the socket takes. */
  private static final int LARGEST = 4 << 20;

  private Publish() {}

  /** As {@link Main}; what is no {@code publish} is left to that. */
  public static void main(String[] args) {
    Map<String, String> flags = flags(args);
    if (flags == null) {
      Main.main(args);
      return;
    }
    int code = run(flags, System.in);
    if (code != 0) {
      System.exit(code);
    }
  }

  /** The flags, or null if this is another command or is not understood. */
  static @Nullable Map<String, String> flags(String[] args) {
    Map<String, String> flags = new HashMap<>();
    boolean publish = false;
    for (int i = 0; i < args.length; i++) {
      String arg = args[i];
      if (arg.equals("publish") && !publish) {
        publish = true;
        continue;
      }
      String name = arg.replaceFirst("^--?", "");
      int equals = name.indexOf('=');
      String key = equals < 0 ? name : name.substring(0, equals);
      if (!arg.startsWith("-") || !FLAGS.contains(key) || (equals < 0 && i + 1 == args.length)) {
        return null;
      }
      flags.put(key, equals < 0 ? args[++i] : name.substring(equals + 1));
    }
    return publish ? flags : null;
  }

  static int run(Map<String, String> flags, InputStream input) {
    String topic = flags.getOrDefault("topic", "");
    String namespace = flags.getOrDefault("namespace", "");
    if (topic.isEmpty() || namespace.isEmpty()) {
      return fail("publish: needs --topic and --namespace", 2);
    }
    try {
      byte[] event = input.readNBytes(LARGEST + 1);
      if (event.length > LARGEST) {
        return fail("publish: the event is larger than " + LARGEST + " bytes", 1);
      }
      send(Path.of(address(flags)), envelope(topic, namespace, Any.parseFrom(event)));
      return 0;
    } catch (InvalidProtocolBufferException e) {
      return fail("publish: standard input is no event: " + e.getMessage(), 1);
    } catch (IOException | InvalidPathException | TtrpcException e) {
      return fail("publish: " + e.getMessage(), 1);
    } catch (InterruptedException e) {
      return fail("publish: interrupted", 1);
    }
  }

  private static String address(Map<String, String> flags) {
    String address = flags.getOrDefault("address", DEFAULT_ADDRESS);
    return (address.startsWith("unix://") ? address.substring("unix://".length()) : address)
        + ".ttrpc";
  }

  private static Envelope envelope(String topic, String namespace, Any event) {
    Instant now = Instant.now();
    return Envelope.newBuilder()
        .setTimestamp(
            Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
        .setNamespace(namespace)
        .setTopic(topic)
        .setEvent(event)
        .build();
  }

  private static void send(Path socket, Envelope envelope) throws InterruptedException {
    try (TtrpcClient client = TtrpcClient.connect(socket, PATIENCE)) {
      var _ =
          client.call(
              SERVICE,
              "Forward",
              ForwardRequest.newBuilder().setEnvelope(envelope).build(),
              Empty.parser(),
              CallOptions.NONE.withTimeout(PATIENCE));
    }
  }

  private static int fail(String message, int code) {
    System.err.println("carafed: " + message);
    return code;
  }
}
