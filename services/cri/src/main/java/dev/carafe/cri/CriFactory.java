package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.cni.Cni;
import dev.carafe.cri.streaming.StreamingServer;
import dev.carafe.engine.sandboxes.SandboxService;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.linux.Mounter;
import dev.carafe.services.GrpcService;
import dev.carafe.services.PluginProblems;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Opens CRI and takes up the pods of an earlier daemon. */
@CarafePlugin
public final class CriFactory implements PluginFactory<Cri, CriConfig> {
  @Override
  public PluginDeclaration<Cri, CriConfig> declaration() {
    return new PluginDeclaration<>(
        Cri.TYPE,
        "runtime",
        List.of(
            Metadata.TYPE,
            TaskService.TYPE,
            SandboxService.TYPE,
            TransferFlows.TYPE,
            PluginTypes.RESOURCE_MANAGER,
            PluginProblems.TYPE),
        List.of(PluginTypes.POD_HOOKS, PluginTypes.LOG_DRIVER),
        false,
        CriConfig.DEFAULT);
  }

  @Override
  public Cri create(PluginContext context, CriConfig config) {
    Path root = context.root();
    Path state = context.state();
    Metadata metadata = context.require(Metadata.TYPE);
    TaskService tasks = context.require(TaskService.TYPE);
    Records records = new Records(metadata);
    CriImages images = new CriImages(metadata, context.require(TransferFlows.TYPE), config);
    PodFiles files = new PodFiles(state, Mounter.kernel());
    ContainerEvents events = new ContainerEvents();
    Runtimes runtimes =
        new Runtimes(
            tasks.handlers(),
            context.requireAll(PluginTypes.RESOURCE_MANAGER),
            images::mapsIds,
            context.require(PluginProblems.TYPE)::now,
            config);
    PodSandboxes sandboxes =
        new PodSandboxes(context.require(SandboxService.TYPE).manager(), runtimes, config);
    Hooks hooks =
        new Hooks(
            context.wanted(PluginTypes.POD_HOOKS).values(),
            records,
            metadata,
            tasks.manager(),
            sandboxes);
    Cgroups cgroups = new Cgroups(runtimes);
    ImageVolumes imageVolumes = new ImageVolumes(metadata, images, Mounter.kernel(), root);
    ContainerLogs logs =
        new ContainerLogs(context.wanted(PluginTypes.LOG_DRIVER), config, root.resolve("logs"));
    context.uses(PluginTypes.LOG_DRIVER, logs::uses);
    ContainerFlow containers =
        new ContainerFlow(
            records,
            metadata,
            tasks.manager(),
            images,
            new ContainerCreation(
                records,
                metadata,
                tasks.manager(),
                images,
                files,
                hooks,
                cgroups,
                imageVolumes,
                runtimes::mapsMounts,
                config,
                root),
            hooks,
            logs,
            config,
            ended ->
                events.publish(
                    Views.event(
                        records,
                        ended.id(),
                        ended.podId(),
                        ContainerEventType.CONTAINER_STOPPED_EVENT)));
    CniNetworks networks =
        new CniNetworks(Cni.open(config.cni(), config.cniDirectories(), root.resolve("cni")));
    AtomicReference<PodFlow> flow = new AtomicReference<>();
    Consumer<String> onEnd = ended -> ended(flow, records, events, ended);
    PodInit init =
        new PodInit(
            metadata,
            tasks.manager(),
            images,
            cgroups,
            root.resolve("init"),
            config.pauseImage(),
            onEnd);
    PodFlow pods =
        new PodFlow(records, sandboxes, files, networks, containers, hooks, init, config, onEnd);
    flow.set(pods);
    Commands commands = new Commands(records, metadata, tasks.manager(), state, config.execDrain());
    records.load();
    List<Path> cutOff = LeftOvers.commands(state);
    LeftOvers.ofContainers(
        root, records.containers().stream().map(CriContainer::id).collect(Collectors.toSet()));
    pods.recover();
    hooks.attach(containers);
    Thread.ofVirtual()
        .name("cri-recovery")
        .start(() -> {
          containers.recover();
          pods.recoverProcesses();
          commands.recover(cutOff);
        });
    return new Running(
        new Cri.Flows(
            config,
            records,
            pods,
            containers,
            images,
            new ExecSync(commands, config.execOutputLimit()),
            commands,
            StreamingServer.start(
                config.streaming(),
                new CriStreams(records, tasks.manager(), commands, pods::namespaces)),
            networks,
            events,
            new Stats(records, metadata, tasks.manager(), images, root),
            new PodMetrics(records, metadata, tasks.manager(), images, root),
            new Checkpoints(
                records,
                metadata,
                tasks.manager(),
                images,
                context.require(TransferFlows.TYPE),
                root),
            runtimes,
            () -> Info.of(config, runtimes, root, state),
            hooks),
        logs);
  }

  private static void ended(
      AtomicReference<PodFlow> flow, Records records, ContainerEvents events, String podId) {
    PodFlow pods = flow.get();
    if (pods != null && pods.ended(podId)) {
      events.publish(
          Views.event(records, podId, podId, ContainerEventType.CONTAINER_STOPPED_EVENT));
    }
  }

  private record Running(Cri.Flows flows, ContainerLogs logs) implements Cri, AutoCloseable {
    @Override
    public void close() {
      flows.streaming().close();
      flows.commands().close();
      flows.networks().close();
      logs.close();
    }
  }

  /** {@code runtime.v1.RuntimeService}. */
  @CarafePlugin
  public static final class RuntimeFactory implements PluginFactory<GrpcService, None> {
    @Override
    public PluginDeclaration<GrpcService, None> declaration() {
      return new PluginDeclaration<>(GrpcService.TYPE, "cri", List.of(Cri.TYPE), false, new None());
    }

    @Override
    public GrpcService create(PluginContext context, None config) {
      RuntimeCalls calls = new RuntimeCalls(context.require(Cri.TYPE).flows());
      return () -> calls;
    }
  }

  /** {@code runtime.v1.ImageService}. */
  @CarafePlugin
  public static final class ImageFactory implements PluginFactory<GrpcService, None> {
    @Override
    public PluginDeclaration<GrpcService, None> declaration() {
      return new PluginDeclaration<>(
          GrpcService.TYPE, "cri-images", List.of(Cri.TYPE), false, new None());
    }

    @Override
    public GrpcService create(PluginContext context, None config) {
      ImageCalls calls = new ImageCalls(context.require(Cri.TYPE).flows().images(), context.root());
      return () -> calls;
    }
  }

  /** A service has no settings of its own. */
  public record None() {}
}
