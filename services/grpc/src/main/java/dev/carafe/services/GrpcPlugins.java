package dev.carafe.services;

import dev.carafe.engine.mounts.MountManager;
import dev.carafe.engine.sandboxes.SandboxService;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.Description;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginType;
import dev.carafe.spi.plugins.PluginTypes;
import io.grpc.BindableService;
import java.util.List;
import java.util.Map;

/** The factories of containerd's gRPC services. */
public final class GrpcPlugins {
  /** The containerd API that is spoken; clients parse it. */
  static final String VERSION = "v2.3.0+carafe-0.1.0";

  private GrpcPlugins() {}

  /** A service has no settings. */
  public record None() {}

  /** What all factories of services share. */
  abstract static class ServiceFactory implements PluginFactory<GrpcService, None> {
    private final String id;
    private final List<PluginType<?>> requires;

    ServiceFactory(String id, PluginType<?>... requires) {
      this.id = id;
      this.requires = List.of(requires);
    }

    @Override
    public PluginDeclaration<GrpcService, None> declaration() {
      return new PluginDeclaration<>(GrpcService.TYPE, id, requires, false, new None());
    }

    @Override
    public GrpcService create(PluginContext context, None config) {
      BindableService service = open(context);
      return () -> service;
    }

    abstract BindableService open(PluginContext context);
  }

  /** {@code containerd.services.version.v1}. */
  @CarafePlugin
  public static final class Version extends ServiceFactory {
    public Version() {
      super("version");
    }

    @Override
    BindableService open(PluginContext context) {
      String revision = GrpcPlugins.class.getPackage().getImplementationVersion();
      return new VersionService(VERSION, revision == null ? "" : revision);
    }
  }

  /** {@code containerd.services.namespaces.v1}. */
  @CarafePlugin
  public static final class Namespaces extends ServiceFactory {
    public Namespaces() {
      super("namespaces", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new NamespacesService(context.require(Metadata.TYPE));
    }
  }

  /** {@code containerd.services.images.v1}. */
  @CarafePlugin
  public static final class Images extends ServiceFactory {
    public Images() {
      super("images", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new ImagesService(context.require(Metadata.TYPE));
    }
  }

  /** {@code containerd.services.containers.v1}. */
  @CarafePlugin
  public static final class Containers extends ServiceFactory {
    public Containers() {
      super("containers", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new ContainersService(context.require(Metadata.TYPE));
    }
  }

  /** {@code containerd.services.leases.v1}. */
  @CarafePlugin
  public static final class Leases extends ServiceFactory {
    public Leases() {
      super("leases", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new LeasesService(context.require(Metadata.TYPE));
    }
  }

  /** Settings of the snapshots service. */
  public record SnapshotsConfig(
      @Description(
              "Further names of snapshotters, each with the name it stands for. For clients that"
                  + " cannot choose: a containerd asks a proxy plugin by its own name for it.")
          Map<String, String> aliases) {
    static final SnapshotsConfig DEFAULT = new SnapshotsConfig(Map.of());

    public SnapshotsConfig {
      aliases = Map.copyOf(aliases);
    }
  }

  /** {@code containerd.services.snapshots.v1}. */
  @CarafePlugin
  public static final class Snapshots implements PluginFactory<GrpcService, SnapshotsConfig> {
    @Override
    public PluginDeclaration<GrpcService, SnapshotsConfig> declaration() {
      return new PluginDeclaration<>(
          GrpcService.TYPE, "snapshots", List.of(Metadata.TYPE), false, SnapshotsConfig.DEFAULT);
    }

    @Override
    public GrpcService create(PluginContext context, SnapshotsConfig config) {
      BindableService service =
          new SnapshotsService(context.require(Metadata.TYPE), config.aliases());
      return () -> service;
    }
  }

  /** {@code containerd.services.content.v1}. */
  @CarafePlugin
  public static final class Content extends ServiceFactory {
    public Content() {
      super("content", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new ContentService(context.require(Metadata.TYPE));
    }
  }

  /** {@code containerd.services.diff.v1}. */
  @CarafePlugin
  public static final class Diff extends ServiceFactory {
    public Diff() {
      super("diff", Metadata.TYPE, TransferFlows.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      TransferFlows flows = context.require(TransferFlows.TYPE);
      return new DiffService(context.require(Metadata.TYPE), flows.applier(), flows.differs());
    }
  }

  /** {@code containerd.services.events.v1}. */
  @CarafePlugin
  public static final class Events extends ServiceFactory {
    public Events() {
      super("events", PluginTypes.EVENT_BUS);
    }

    @Override
    BindableService open(PluginContext context) {
      return new EventsService(context.require(PluginTypes.EVENT_BUS));
    }
  }

  /** {@code containerd.services.tasks.v1}. */
  @CarafePlugin
  public static final class Tasks extends ServiceFactory {
    public Tasks() {
      super("tasks", Metadata.TYPE, TaskService.TYPE, TransferFlows.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      TransferFlows flows = context.require(TransferFlows.TYPE);
      TaskService tasks = context.require(TaskService.TYPE);
      Checkpoints checkpoints =
          new Checkpoints(
              tasks.manager(), flows.applier(), new DiffWriter(flows.differs()), context.state());
      return new TasksService(context.require(Metadata.TYPE), tasks.manager(), checkpoints);
    }
  }

  /** {@code containerd.services.transfer.v1}. */
  @CarafePlugin
  public static final class Transfer extends ServiceFactory {
    public Transfer() {
      super(
          "transfer",
          Metadata.TYPE,
          TransferFlows.TYPE,
          Streams.TYPE,
          TaskService.TYPE,
          PluginTypes.CONTAINER_FILES);
    }

    @Override
    BindableService open(PluginContext context) {
      Metadata metadata = context.require(Metadata.TYPE);
      TransferFlows flows = context.require(TransferFlows.TYPE);
      StreamRegistry streams = context.require(Streams.TYPE).registry();
      ImageTransfers images = new ImageTransfers(metadata, flows, new RegistryOptions(streams));
      FileTransfers files =
          new FileTransfers(
              metadata,
              context.require(TaskService.TYPE).manager(),
              context.requireAll(PluginTypes.CONTAINER_FILES).values().iterator().next(),
              streams);
      return new TransferService(
          images, new ArchiveTransfers(flows, images, streams), files, streams);
    }
  }

  /** The store of {@code containerd.services.sandbox.v1}. */
  @CarafePlugin
  public static final class SandboxStores extends ServiceFactory {
    public SandboxStores() {
      super("sandboxes", Metadata.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new SandboxStoreService(context.require(Metadata.TYPE));
    }
  }

  /** The controller of {@code containerd.services.sandbox.v1}. */
  @CarafePlugin
  public static final class SandboxControllers extends ServiceFactory {
    public SandboxControllers() {
      super("sandbox-controllers", SandboxService.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new SandboxControllerService(context.require(SandboxService.TYPE).manager());
    }
  }

  /** {@code containerd.services.mounts.v1}. */
  @CarafePlugin
  public static final class Mounts extends ServiceFactory {
    public Mounts() {
      super("mounts", Metadata.TYPE, MountManager.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new MountsService(context.require(Metadata.TYPE), context.require(MountManager.TYPE));
    }
  }

  /** {@code containerd.services.streaming.v1}. */
  @CarafePlugin
  public static final class Streaming extends ServiceFactory {
    public Streaming() {
      super("streaming", Streams.TYPE);
    }

    @Override
    BindableService open(PluginContext context) {
      return new StreamingService(context.require(Streams.TYPE).registry());
    }
  }

  /** The streams that clients opened. */
  @CarafePlugin
  public static final class StreamManager implements PluginFactory<Streams, None> {
    @Override
    public PluginDeclaration<Streams, None> declaration() {
      return new PluginDeclaration<>(Streams.TYPE, "manager", List.of(), false, new None());
    }

    @Override
    public Streams create(PluginContext context, None config) {
      StreamRegistry registry = new StreamRegistry();
      return () -> registry;
    }
  }
}
