package dev.carafe.services;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import dev.carafe.api.services.transfer.v1.TransferGrpc;
import dev.carafe.api.services.transfer.v1.TransferRequest;
import dev.carafe.api.types.transfer.AuthRequest;
import dev.carafe.api.types.transfer.AuthResponse;
import dev.carafe.api.types.transfer.ImageStore;
import dev.carafe.api.types.transfer.OCIRegistry;
import dev.carafe.api.types.transfer.RegistryResolver;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.Progress;
import dev.carafe.engine.pull.PullRequest;
import dev.carafe.engine.stores.Image;
import dev.carafe.engine.stores.Labels;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.oci.Platforms;
import dev.carafe.services.StreamRegistry.OpenStream;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.SourceOptions;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Transfers: from a registry into the image store (pull), and from one name to another (tag). */
final class TransferService extends TransferGrpc.TransferImplBase {
  private static final String REGISTRY = "containerd.types.transfer.OCIRegistry";
  private static final String STORE = "containerd.types.transfer.ImageStore";
  private static final Duration ANSWER = Duration.ofMinutes(2);

  private final Metadata metadata;
  private final ImagePuller puller;
  private final StreamRegistry streams;
  private final String defaultSnapshotter;

  TransferService(
      Metadata metadata, ImagePuller puller, StreamRegistry streams, String defaultSnapshotter) {
    this.metadata = metadata;
    this.puller = puller;
    this.streams = streams;
    this.defaultSnapshotter = defaultSnapshotter;
  }

  @Override
  public void transfer(TransferRequest request, StreamObserver<Empty> observer) {
    Calls.unary(
        observer,
        () -> {
          String progressId = request.getOptions().getProgressStream();
          if (progressId.isEmpty()) {
            transfer(request, Progress.NONE);
          } else {
            try (ProgressStream progress =
                new ProgressStream(streams.get(Calls.namespace(), progressId))) {
              transfer(request, progress);
            }
          }
          return Empty.getDefaultInstance();
        });
  }

  private void transfer(TransferRequest request, Progress progress) {
    Any source = request.getSource();
    Any destination = request.getDestination();
    String way = Anys.name(source) + " to " + Anys.name(destination);
    switch (way) {
      case REGISTRY + " to " + STORE ->
          pull(
              Anys.unpack(source, OCIRegistry.parser()),
              Anys.unpack(destination, ImageStore.parser()),
              progress);
      case STORE + " to " + STORE ->
          tag(
              Anys.unpack(source, ImageStore.parser()),
              Anys.unpack(destination, ImageStore.parser()));
      default -> throw new UnimplementedException("transfer from " + way + " is not supported");
    }
  }

  private void pull(OCIRegistry source, ImageStore destination, Progress progress) {
    Namespace namespace = Calls.namespace();
    List<Platform> platforms =
        destination.getPlatformsList().stream().map(Protos::platform).toList();
    List<PullRequest.Unpack> unpacks =
        destination.getUnpacksList().stream()
            .map(unpack ->
                new PullRequest.Unpack(
                    unpack.hasPlatform() ? Protos.platform(unpack.getPlatform()) : Platforms.host(),
                    unpack.getSnapshotter().isEmpty()
                        ? defaultSnapshotter
                        : unpack.getSnapshotter()))
            .toList();
    String storeAs =
        destination.getName().isEmpty() ? source.getReference() : destination.getName();
    puller.pull(
        namespace,
        Calls.lease(),
        new PullRequest(
            ImageName.parse(source.getReference()),
            storeAs,
            options(namespace, source),
            platforms,
            unpacks,
            Labels.checked(destination.getLabelsMap())),
        progress);
  }

  private SourceOptions options(Namespace namespace, OCIRegistry source) {
    RegistryResolver resolver = source.getResolver();
    return new SourceOptions(
        credentials(namespace, source.getReference(), resolver.getAuthStream()),
        resolver.getHeadersMap(),
        resolver.getDefaultScheme().equals("http"),
        false,
        resolver.getHostDir());
  }

  private Function<String, Optional<Credentials>> credentials(
      Namespace namespace, String reference, String streamId) {
    if (streamId.isEmpty()) {
      return host -> Optional.empty();
    }
    OpenStream stream = streams.get(namespace, streamId);
    Object turn = new Object();
    return host -> {
      synchronized (turn) {
        return ask(stream, host, reference);
      }
    };
  }

  private static Optional<Credentials> ask(OpenStream stream, String host, String reference) {
    stream.send(Anys.pack(AuthRequest.newBuilder().setHost(host).setReference(reference).build()));
    Any answer;
    try {
      answer = stream.receive(ANSWER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("credentials for " + host + ": cancelled", e);
    }
    if (answer == null) {
      return Optional.empty();
    }
    AuthResponse response = Anys.unpack(answer, AuthResponse.parser());
    return switch (response.getAuthType()) {
      case NONE -> Optional.empty();
      case CREDENTIALS ->
          Optional.of(new Credentials.Basic(response.getUsername(), response.getSecret()));
      case REFRESH -> Optional.of(new Credentials.RefreshToken(response.getSecret()));
      case HEADER -> Optional.of(new Credentials.Header(response.getSecret()));
      case UNRECOGNIZED ->
          throw new InvalidArgumentException(
              "credentials for " + host + ": unknown type " + response.getAuthTypeValue());
    };
  }

  private void tag(ImageStore source, ImageStore destination) {
    if (destination.getName().isEmpty()) {
      throw new InvalidArgumentException("destination image name must not be empty");
    }
    Stores stores = Calls.stores(metadata);
    Image image = stores.images().get(source.getName());
    stores
        .images()
        .put(
            Image.of(
                destination.getName(), image.target(), Labels.checked(destination.getLabelsMap())));
  }
}
