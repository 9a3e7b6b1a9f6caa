package dev.carafe.cri;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.NamespaceMode;
import dev.carafe.api.cri.v1.Signal;
import dev.carafe.engine.stores.Container;
import dev.carafe.engine.stores.Lease;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.stores.Stores;
import dev.carafe.engine.stores.TypedValue;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.linux.Signals;
import dev.carafe.linux.TreeRemover;
import dev.carafe.oci.ContainerUser;
import dev.carafe.oci.RuntimeSpec;
import dev.carafe.oci.SignalNames;
import dev.carafe.spi.errors.AlreadyExistsException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.snapshots.SnapshotKey;
import dev.carafe.spi.snapshots.Snapshotter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** From a kubelet's wishes to a container's record: image, snapshot, specification. */
final class ContainerCreation {
  private static final Duration LEASE = Duration.ofHours(1);

  private final Records records;
  private final Metadata metadata;
  private final TaskManager tasks;
  private final CriImages images;
  private final PodFiles files;
  private final Hooks hooks;
  private final Cgroups cgroups;
  private final ImageVolumes imageVolumes;
  private final DeclaredVolumes volumes;
  private final Predicate<String> mapsMounts;
  private final CriConfig settings;
  private final CdiDevices cdi;
  private final Confinement confinement = Confinement.ofThisMachine();
  private final Path root;

  ContainerCreation(
      Records records,
      Metadata metadata,
      TaskManager tasks,
      CriImages images,
      PodFiles files,
      Hooks hooks,
      Cgroups cgroups,
      ImageVolumes imageVolumes,
      Predicate<String> mapsMounts,
      CriConfig settings,
      Path root) {
    this.records = records;
    this.metadata = metadata;
    this.tasks = tasks;
    this.images = images;
    this.files = files;
    this.hooks = hooks;
    this.cgroups = cgroups;
    this.imageVolumes = imageVolumes;
    this.mapsMounts = mapsMounts;
    this.settings = settings;
    this.cdi = new CdiDevices(settings.cdiSpecDirs());
    this.volumes = new DeclaredVolumes(imageVolumes, root);
    this.root = root;
  }

  String run(
      String identity,
      Pod pod,
      ContainerConfig config,
      Function<Pod, Map<String, String>> namespaces,
      InFlight.Stages stages) {
    for (CriContainer present : records.containersOf(pod.id())) {
      if (present.identity().equals(identity)) {
        if (present.startedAt() == null && present.exit() == null) {
          return present.id();
        }
        throw new AlreadyExistsException(
            "container " + identity + ": exists as " + present.id() + " and was started");
      }
    }
    if (!pod.ready()) {
      throw new FailedPreconditionException(
          "container " + identity + ": pod sandbox " + pod.id() + " is not ready");
    }
    stages.at("image");
    String reference = config.getImage().getImage();
    CriImage image = images.verified(reference);
    String id = PodFlow.newId();
    Stores unleased = metadata.stores(Records.NAMESPACE);
    Lease lease = unleased.leases().open(LEASE);
    try {
      Stores stores = metadata.stores(Records.NAMESPACE, lease.id());
      return build(stores, id, pod, config, image, namespaces, stages);
    } finally {
      unleased.leases().delete(lease.id());
    }
  }

  private String build(
      Stores stores,
      String id,
      Pod pod,
      ContainerConfig wanted,
      CriImage image,
      Function<Pod, Map<String, String>> namespaces,
      InFlight.Stages stages) {
    Snapshotter snapshotter = stores.snapshotter(images.snapshotter());
    if (PodUsers.of(pod) != null && !images.mapsIds()) {
      throw new FailedPreconditionException(
          "container: its pod has a user namespace, and snapshotter "
              + images.snapshotter()
              + " cannot map the ids of its files here");
    }
    stages.at("snapshot");
    SnapshotKey parent = image.chainId().isEmpty() ? null : new SnapshotKey(image.chainId());
    List<Mount> rootfs = snapshotter.prepare(new SnapshotKey(id), parent, PodUsers.labels(pod));
    try {
      stages.at("volumes of images");
      ImageVolumes.Volumes fromImages =
          imageVolumes.create(stores, id, wanted, PodUsers.labels(pod));
      ContainerConfig config = fromImages.config();
      stages.at("specification");
      ContainerUser user =
          ContainerUsers.of(config.getLinux().getSecurityContext(), image.config().user(), rootfs);
      var shared =
          new ContainerSpec.Shared(
              namespaces.apply(pod),
              target(config),
              files.resolvConf(pod),
              files.hostname(pod),
              files.shm(pod),
              volumes.create(stores, id, config, image, rootfs, PodUsers.labels(pod)),
              fromImages.sources(),
              cgroups.path(pod, id),
              cgroups.possible(),
              mapsMounts.test(pod.handler()),
              settings.handlers().getOrDefault(pod.handler(), CriConfig.Handler.DEFAULT));
      byte[] spec = new ContainerSpec(pod, config, image, shared, cdi, confinement).json(user);
      var container =
          new CriContainer(
              id,
              pod.id(),
              config,
              image.id(),
              logPath(pod, config),
              stopSignal(config, image),
              user,
              Instant.now(),
              null,
              null);
      stages.at("hooks");
      byte[] adjusted = adjusted(pod, container, spec);
      stages.at("record");
      Map<String, String> labels = new HashMap<>(image.config().labels());
      labels.putAll(config.getLabelsMap());
      labels.put(Records.KIND, "container");
      labels
          .entrySet()
          .removeIf(label -> label.getKey().length() + label.getValue().length() > 4096);
      records.add(
          container,
          new Container(
              id,
              labels,
              image.names().getFirst(),
              new Container.Runtime(pod.handler(), null),
              new TypedValue(RuntimeSpec.TYPE_URL, adjusted),
              images.snapshotter(),
              id,
              Map.of(),
              pod.id(),
              Instant.EPOCH,
              Instant.EPOCH));
      hooks.created(container);
      return id;
    } catch (RuntimeException | Error e) {
      hooks.notCreated(pod, id);
      discard(snapshotter, id, e);
      throw e;
    }
  }

  /** What hooks make of a specification, devices included that the kubelet did not ask for. */
  private byte[] adjusted(Pod pod, CriContainer container, byte[] spec) {
    AdjustedContainer adjusted = hooks.creating(pod, container, spec);
    List<String> devices = new ArrayList<>(adjusted.cdiDevices());
    container.config().getCDIDevicesList().forEach(device -> devices.remove(device.getName()));
    return cdi.apply(adjusted.spec(), devices);
  }

  private void discard(Snapshotter snapshotter, String id, Throwable cause) {
    try {
      snapshotter.remove(new SnapshotKey(id));
      removeFiles(id);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }

  private long target(ContainerConfig config) {
    var options = config.getLinux().getSecurityContext().getNamespaceOptions();
    if (options.getPid() != NamespaceMode.TARGET) {
      return 0;
    }
    CriContainer target = records.container(options.getTargetId());
    ProcessStatus status = tasks.get(Records.NAMESPACE, target.id(), "").status();
    if (!(status instanceof ProcessStatus.Running running)) {
      throw new FailedPreconditionException(
          "container: target container " + target.id() + " is not running");
    }
    if (running.pid() == 0) {
      throw new FailedPreconditionException(
          "container: target container " + target.id() + " has no processes");
    }
    return running.pid();
  }

  private static String logPath(Pod pod, ContainerConfig config) {
    String directory = pod.config().getLogDirectory();
    return directory.isEmpty() || config.getLogPath().isEmpty()
        ? ""
        : Path.of(directory).resolve(config.getLogPath()).toString();
  }

  private static int stopSignal(ContainerConfig config, CriImage image) {
    if (config.getStopSignal() != Signal.RUNTIME_DEFAULT) {
      return SignalNames.number(config.getStopSignal().name())
          .orElseThrow(() -> new InvalidArgumentException("container: stop signal is unknown"));
    }
    return SignalNames.number(image.config().stopSignal()).orElse(Signals.SIGTERM);
  }

  /** Limits without those that this machine does not have. */
  Map<String, Object> possible(Map<String, Object> limits) {
    return Resources.possible(limits, cgroups.possible());
  }

  /** Removes what a container has outside of its snapshot. Idempotent. */
  void removeFiles(String id) {
    imageVolumes.remove(id);
    Path directory = root.resolve(id);
    if (Files.exists(directory)) {
      TreeRemover.remove(directory);
    }
  }
}
