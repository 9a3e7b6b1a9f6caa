package dev.carafe.services;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.engine.sandboxes.SandboxManager;
import dev.carafe.engine.stores.GarbageCollector;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Namespace;
import dev.carafe.engine.stores.Stores;
import dev.carafe.metadata.MetadataConfig;
import dev.carafe.metadata.MetadataFactory;
import dev.carafe.plugin.events.ExchangeFactory;
import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.testkit.content.MemoryContentStore;
import dev.carafe.testkit.metadata.MemoryMetadataDatabase;
import dev.carafe.testkit.sandboxes.MemorySandboxController;
import dev.carafe.testkit.snapshots.MemorySnapshotter;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.util.MutableHandlerRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.function.Executable;

/**
 * Services over real metadata on back ends in memory, with a client. The snapshotter is called
 * {@code memory}, the sandbox controller too, and {@code shim} is the same.
 */
final class Wire implements AutoCloseable {
  static final String NAMESPACE = "testing";

  private static final io.grpc.Metadata.Key<String> NAMESPACE_HEADER =
      io.grpc.Metadata.Key.of("containerd-namespace", io.grpc.Metadata.ASCII_STRING_MARSHALLER);
  private static final io.grpc.Metadata.Key<String> LEASE_HEADER =
      io.grpc.Metadata.Key.of("containerd-lease", io.grpc.Metadata.ASCII_STRING_MARSHALLER);

  final Metadata metadata;
  final EventBus events;
  final ContentStore content = new MemoryContentStore();
  final MemorySandboxController sandboxes = new MemorySandboxController();
  final SandboxManager manager;
  private final MutableHandlerRegistry more = new MutableHandlerRegistry();
  private final Subscription seen;
  private final Server server;
  private final ManagedChannel channel;
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

  Wire(Path work) {
    events =
        new ExchangeFactory().create(new Context(work, Map.of()), new ExchangeFactory.Config());
    seen = events.subscribe(envelope -> true, 10_000);
    MemorySnapshotter snapshotter =
        MemorySnapshotter.rebasing(directory(work.resolve("snapshots")));
    Map<PluginType<?>, Map<String, ?>> plugins = new HashMap<>();
    plugins.put(PluginTypes.METADATA_DATABASE, Map.of("memory", new MemoryMetadataDatabase()));
    plugins.put(PluginTypes.CONTENT_STORE, Map.of("memory", content));
    plugins.put(PluginTypes.SNAPSHOTTER, Map.of("memory", snapshotter));
    plugins.put(PluginTypes.EVENT_BUS, Map.of("exchange", events));
    metadata =
        new MetadataFactory()
            .create(
                new Context(directory(work.resolve("metadata")), plugins), MetadataConfig.DEFAULT);
    manager = new SandboxManager(metadata, Map.of("memory", sandboxes, "shim", sandboxes), events);
    String name = UUID.randomUUID().toString();
    InProcessServerBuilder builder =
        InProcessServerBuilder.forName(name).executor(calls).intercept(Calls.headers());
    List.of(
            new NamespacesService(metadata),
            new ImagesService(metadata),
            new ContainersService(metadata),
            new LeasesService(metadata),
            new ContentService(metadata),
            new SnapshotsService(metadata, Map.of()),
            new EventsService(events),
            new SandboxStoreService(metadata),
            new SandboxControllerService(manager))
        .forEach(builder::addService);
    builder.fallbackHandlerRegistry(more);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  /** Serves something besides what needs nothing but metadata. */
  void serve(BindableService service) {
    more.addService(service);
  }

  private static Path directory(Path path) {
    try {
      return Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Calls go into the tests' namespace. */
  Channel channel() {
    return in(NAMESPACE);
  }

  Channel in(String namespace) {
    io.grpc.Metadata headers = new io.grpc.Metadata();
    headers.put(NAMESPACE_HEADER, namespace);
    return with(headers);
  }

  /** Calls go into the tests' namespace and under this lease. */
  Channel under(String lease) {
    io.grpc.Metadata headers = new io.grpc.Metadata();
    headers.put(NAMESPACE_HEADER, NAMESPACE);
    headers.put(LEASE_HEADER, lease);
    return with(headers);
  }

  /** Calls with several namespaces in their headers. */
  Channel repeating(String first, String second) {
    io.grpc.Metadata headers = new io.grpc.Metadata();
    headers.put(NAMESPACE_HEADER, first);
    headers.put(NAMESPACE_HEADER, second);
    return with(headers);
  }

  /** Calls without headers. */
  Channel bare() {
    return channel;
  }

  private Channel with(io.grpc.Metadata headers) {
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  Stores stores() {
    return metadata.stores(new Namespace(NAMESPACE));
  }

  GarbageCollector.Report collect() {
    try {
      return metadata.collector().collect();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What was published since the last call. */
  List<Event> published() {
    List<Event> all = new ArrayList<>();
    try {
      for (Envelope next = seen.next(Duration.ZERO);
          next != null;
          next = seen.next(Duration.ZERO)) {
        all.add(next.event());
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return all;
  }

  /** The next event, which may yet have to come. */
  Event nextEvent() {
    try {
      Envelope next = seen.next(Duration.ofSeconds(20));
      if (next == null) {
        throw new AssertionError("no event came");
      }
      return next.event();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The call must fail with this code and message. */
  static void refused(Status.Code code, String message, Executable call) {
    Status status = refusal(call);
    assertEquals(code + " " + message, status.getCode() + " " + status.getDescription());
  }

  /** The call must fail with this code. */
  static void refused(Status.Code code, Executable call) {
    Status status = refusal(call);
    assertEquals(code, status.getCode(), () -> String.valueOf(status.getDescription()));
  }

  private static Status refusal(Executable call) {
    return assertThrows(StatusRuntimeException.class, call).getStatus();
  }

  @Override
  public void close() throws Exception {
    channel.shutdownNow();
    server.shutdownNow();
    server.awaitTermination();
    manager.close();
    calls.shutdownNow();
    calls.close();
    seen.close();
    if (metadata instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }

  private record Context(Path root, Map<PluginType<?>, Map<String, ?>> plugins)
      implements PluginContext {
    @Override
    public Path state() {
      return root;
    }

    @Override
    public <T> T require(PluginType<T> type) {
      return requireAll(type).values().iterator().next();
    }

    @Override
    public <T> Map<String, T> requireAll(PluginType<T> type) {
      Map<String, T> all = new HashMap<>();
      plugins
          .getOrDefault(type, Map.of())
          .forEach((id, plugin) -> all.put(id, type.contract().cast(plugin)));
      return all;
    }

    @Override
    public void capability(String name) {}

    @Override
    public void export(String key, String value) {}
  }
}
