package dev.carafe.ctr;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.carafe.api.services.streaming.v1.StreamInit;
import dev.carafe.api.services.transfer.v1.TransferOptions;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.transfer.AuthRequest;
import dev.carafe.api.types.transfer.AuthResponse;
import dev.carafe.api.types.transfer.AuthType;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.Progress;
import dev.carafe.api.types.transfer.RegistryResolver;
import dev.carafe.api.types.transfer.UnpackConfiguration;
import dev.carafe.ctr.grpc.Call;
import dev.carafe.ctr.grpc.StatusException;
import dev.carafe.oci.Platforms;
import dev.carafe.spi.content.Platform;
import java.io.Console;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** Pulls an image: one transfer, with a stream for progress and one for credentials. */
final class PullCommand {
  private static final String TRANSFER = "containerd.types.transfer.";

  private final Session session;
  private final Arguments arguments;

  PullCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws InterruptedException {
    String name = ImageCommands.fullName(arguments.operand(0));
    RegistryResolver.Builder resolver = RegistryResolver.newBuilder().setHostDir(arguments.value("hosts-dir", ""));
    if (arguments.has("plain-http")) {
      resolver.setDefaultScheme("http");
    }
    String user = arguments.valueOrNull("user");
    if (user != null) {
      AuthResponse credentials = credentials(user);
      resolver.setAuthStream(
          stream("auth", (call, request) -> answer(call, request, credentials)).id());
    }
    try (ProgressView view = ProgressView.of(session.out(), arguments.has("quiet"))) {
      Stream progress = stream("progress", (call, any) -> view.show(progress(any)));
      TransferRequest request =
          TransferRequest.newBuilder()
              .setSource(
                  any("OCIRegistry", OCIRegistry.newBuilder().setReference(name).setResolver(resolver).build()))
              .setDestination(any("ImageStore", destination(name)))
              .setOptions(TransferOptions.newBuilder().setProgressStream(progress.id()))
              .build();
      session.channel().unary(Api.Transfer.TRANSFER, request);
      // The daemon ends the stream after the last step; what it sent is shown first.
      progress.reader().join(2000);
    }
    return 0;
  }

  private ImageStore destination(String name) {
    ImageStore.Builder store =
        ImageStore.newBuilder().setName(name).putAllLabels(Text.pairs(arguments.values("label")));
    Platform platform =
        arguments.valueOrNull("platform") == null
            ? Platforms.host()
            : Platforms.parse(arguments.value("platform", ""));
    if (!arguments.has("all-platforms")) {
      store.addPlatforms(proto(platform));
    }
    if (!arguments.has("no-unpack")) {
      store.addUnpacks(
          UnpackConfiguration.newBuilder().setPlatform(proto(platform)).setSnapshotter(session.snapshotter()));
    }
    return store.build();
  }

  private static dev.carafe.api.types.Platform proto(Platform platform) {
    return dev.carafe.api.types.Platform.newBuilder()
        .setOs(platform.os())
        .setArchitecture(platform.architecture())
        .setVariant(platform.variant())
        .build();
  }

  /** A named stream with the thread that reads it. */
  private record Stream(String id, Thread reader) {}

  private interface Handler {
    void handle(Call<Any, Any> call, Any message);
  }

  private Stream stream(String kind, Handler handler) {
    String id = kind + "-" + UUID.randomUUID();
    Call<Any, Any> call = session.channel().open(Api.Transfer.STREAM, Map.of());
    call.send(
        Any.newBuilder()
            .setTypeUrl("containerd.services.streaming.v1.StreamInit")
            .setValue(StreamInit.newBuilder().setId(id).build().toByteString())
            .build());
    call.receive();
    Thread reader =
        Thread.ofPlatform()
            .daemon()
            .name(kind)
            .start(() -> read(call, message -> handler.handle(call, message)));
    return new Stream(id, reader);
  }

  private static void read(Call<Any, Any> call, Consumer<Any> handler) {
    try {
      for (Any message = call.receive(); message != null; message = call.receive()) {
        handler.accept(message);
      }
    } catch (StatusException e) {
      // The transfer itself says what went wrong.
    }
  }

  private static Progress progress(Any any) {
    try {
      return Progress.parseFrom(any.getValue());
    } catch (InvalidProtocolBufferException e) {
      return Progress.getDefaultInstance();
    }
  }

  private static void answer(Call<Any, Any> call, Any request, AuthResponse credentials) {
    if (request.getTypeUrl().endsWith(TRANSFER + AuthRequest.getDescriptor().getName())) {
      call.send(any("AuthResponse", credentials));
    }
  }

  private static AuthResponse credentials(String user) {
    int colon = user.indexOf(':');
    String secret;
    if (colon >= 0) {
      secret = user.substring(colon + 1);
    } else {
      Console console = System.console();
      if (console == null) {
        throw new UsageException("--user USER:PASSWORD, or a terminal to ask on");
      }
      secret = new String(console.readPassword("Password: "));
    }
    return AuthResponse.newBuilder()
        .setAuthType(AuthType.CREDENTIALS)
        .setUsername(colon < 0 ? user : user.substring(0, colon))
        .setSecret(secret)
        .build();
  }

  private static Any any(String type, MessageLite message) {
    ByteString bytes = message.toByteString();
    return Any.newBuilder().setTypeUrl(TRANSFER + type).setValue(bytes).build();
  }
}
