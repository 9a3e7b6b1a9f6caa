package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerEventType;
import dev.carafe.cni.Cni;
import dev.carafe.cri.streaming.StreamingServer;
import dev.carafe.engine.sandboxes.SandboxService;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskService;
import dev.carafe.linux.Mounter;
import dev.carafe.services.GrpcService;
import dev.carafe.services.TransferFlows;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.pf4j.Extension;

/** Opens CRI and takes up the pods of an earlier daemon. */
@Extension
public final class CriFactory implements PluginFactory<Cri, CriConfig> {
  @Override
  public PluginDeclaration<Cri, CriConfig> declaration() {
    return new PluginDeclaration<>(
        Cri.TYPE,
        "runtime",
        List.of(Metadata.TYPE, TaskService.TYPE, SandboxService.TYPE, TransferFlows.TYPE),
        List.of(PluginTypes.POD_HOOKS),
        false,
        CriConfig.DEFAULT);
  }

  @Override
  public Cri create(PluginContext context, CriConfig config) {
    Metadata metadata = context.require(Metadata.TYPE);
    TaskService tasks = context.require(TaskService.TYPE);
    Records records = new Records(metadata);
    CriImages images = new CriImages(metadata, context.require(TransferFlows.TYPE), config);
    PodFiles files = new PodFiles(context.state(), Mounter.kernel());
    ContainerEvents events = new ContainerEvents();
    Hooks hooks =
        new Hooks(
            context.wanted(PluginTypes.POD_HOOKS).values(),
            records,
            metadata,
            tasks.manager(),
            context.require(SandboxService.TYPE).manager());
    ContainerFlow containers =
        new ContainerFlow(
            records,
            metadata,
            tasks.manager(),
            images,
            files,
            context.root(),
            hooks,
            config,
            ended ->
                events.publish(
                    Views.event(
                        records,
                        ended.id(),
                        ended.podId(),
                        ContainerEventType.CONTAINER_STOPPED_EVENT)));
    CniNetworks networks =
        new CniNetworks(Cni.open(config.cni(), Map.of(), context.root().resolve("cni")));
    PodFlow pods =
        new PodFlow(
            records,
            context.require(SandboxService.TYPE).manager(),
            files,
            networks,
            containers,
            hooks,
            config);
    Commands commands =
        new Commands(records, metadata, tasks.manager(), context.state(), config.execDrain());
    records.load();
    LeftOvers.ofCommands(context.state());
    LeftOvers.ofContainers(
        context.root(),
        records.containers().stream().map(CriContainer::id).collect(Collectors.toSet()));
    pods.recover();
    hooks.attach(containers);
    Thread.ofVirtual().name("cri-recovery").start(containers::recover);
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
                config.streaming(), new CriStreams(records, commands, pods::namespaces)),
            networks,
            events,
            new Stats(records, metadata, tasks.manager(), images, context.root()),
            new Runtimes(tasks.handlers(), config),
            hooks));
  }

  private record Running(Cri.Flows flows) implements Cri, AutoCloseable {
    @Override
    public void close() {
      flows.streaming().close();
      flows.commands().close();
      flows.networks().close();
    }
  }

  /** {@code runtime.v1.RuntimeService}. */
  @Extension
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
  @Extension
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
