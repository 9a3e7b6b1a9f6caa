package dev.carafe.ctr;

import com.google.protobuf.Any;
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
import dev.carafe.spi.images.ImageName;
import java.io.Console;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Pulls an image: one transfer, with a stream for progress and one for credentials. */
final class PullCommand {
  private static final String TRANSFER = "containerd.types.transfer.";
  private static final int LAST_STEPS_MILLIS = 2000;

  private final Session session;
  private final Arguments arguments;
  private final List<Call<Any, Any>> streams = new ArrayList<>();

  PullCommand(Session session) {
    this.session = session;
    this.arguments = session.arguments();
  }

  int run() throws InterruptedException {
    ImageName image = ImageName.normalize(arguments.operand(0));
    String name = image.toString();
    try (ProgressView view = ProgressView.of(session.out(), arguments.has("quiet"))) {
      Stream progress = stream("progress", (call, step) -> view.show(progress(step)));
      OCIRegistry source =
          OCIRegistry.newBuilder().setReference(name).setResolver(resolver(image)).build();
      TransferRequest request =
          TransferRequest.newBuilder()
              .setSource(any("OCIRegistry", source))
              .setDestination(any("ImageStore", destination(name)))
              .setOptions(TransferOptions.newBuilder().setProgressStream(progress.id))
              .build();
      session.channel().unary(Api.Transfer.TRANSFER, request);
      // The daemon ends the stream after the last step; what it sent is shown first.
      progress.reader.join(LAST_STEPS_MILLIS);
    } finally {
      streams.forEach(Call::close);
    }
    return 0;
  }

  private RegistryResolver resolver(ImageName image) {
    RegistryResolver.Builder resolver =
        RegistryResolver.newBuilder().setHostDir(arguments.value("hosts-dir", ""));
    if (arguments.has("plain-http")) {
      resolver.setDefaultScheme("http");
    }
    String user = arguments.valueOrNull("user");
    if (user != null) {
      AuthResponse credentials = credentials(user);
      Stream auth =
          stream(
              "auth",
              (call, request) -> {
                boolean own = isRegistryOf(image, request);
                AuthResponse answer = own ? credentials : AuthResponse.getDefaultInstance();
                call.send(any("AuthResponse", answer));
              });
      resolver.setAuthStream(auth.id);
    }
    return resolver.build();
  }

  /** Whether credentials are asked for by the image's own registry, and not by a mirror. */
  private static boolean isRegistryOf(ImageName image, Any request) {
    try {
      String host = AuthRequest.parseFrom(request.getValue()).getHost();
      return host.equals(image.host())
          || (image.host().equals("docker.io") && host.equals("registry-1.docker.io"));
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private ImageStore destination(String name) {
    String wanted = arguments.valueOrNull("platform");
    var platform = proto(wanted == null ? Platforms.host() : Platforms.parse(wanted));
    ImageStore.Builder store =
        ImageStore.newBuilder().setName(name).putAllLabels(Text.pairs(arguments.values("label")));
    if (!arguments.has("all-platforms")) {
      store.addPlatforms(platform);
    }
    if (!arguments.has("no-unpack")) {
      store.addUnpacks(
          UnpackConfiguration.newBuilder()
              .setPlatform(platform)
              .setSnapshotter(session.snapshotter()));
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

  private Stream stream(String kind, BiConsumer<Call<Any, Any>, Any> handler) {
    String id = kind + "-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    Call<Any, Any> call = session.channel().open(Api.Transfer.STREAM);
    streams.add(call);
    call.send(
        Any.newBuilder()
            .setTypeUrl("containerd.services.streaming.v1.StreamInit")
            .setValue(StreamInit.newBuilder().setId(id).build().toByteString())
            .build());
    if (call.receive() == null) {
      throw new StatusException(StatusException.INTERNAL, "stream " + id + " was not taken");
    }
    Thread reader = Thread.ofPlatform().daemon().name(kind).start(() -> read(call, handler));
    return new Stream(id, reader);
  }

  private static void read(Call<Any, Any> call, BiConsumer<Call<Any, Any>, Any> handler) {
    try {
      for (Any message = call.receive(); message != null; message = call.receive()) {
        handler.accept(call, message);
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

  private static AuthResponse credentials(String user) {
    int colon = user.indexOf(':');
    String secret = colon < 0 ? password(System.console()) : user.substring(colon + 1);
    return AuthResponse.newBuilder()
        .setAuthType(AuthType.CREDENTIALS)
        .setUsername(colon < 0 ? user : user.substring(0, colon))
        .setSecret(secret)
        .build();
  }

  private static String password(@Nullable Console console) {
    char[] typed = console == null ? null : console.readPassword("Password: ");
    if (typed == null) {
      throw new UsageException("--user USER:PASSWORD, or a terminal to ask on");
    }
    return new String(typed);
  }

  private static Any any(String type, MessageLite message) {
    return Any.newBuilder().setTypeUrl(TRANSFER + type).setValue(message.toByteString()).build();
  }
}
