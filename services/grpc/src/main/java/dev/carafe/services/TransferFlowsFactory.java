package dev.carafe.services;

import dev.carafe.engine.archive.ImageExporter;
import dev.carafe.engine.archive.ImageImporter;
import dev.carafe.engine.pull.ImageFormats;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageSources;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.pull.PullConfig;
import dev.carafe.engine.push.ImagePusher;
import dev.carafe.engine.stores.Metadata;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.plugins.PluginUse;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Opens the flows that move images. */
@CarafePlugin
public final class TransferFlowsFactory
    implements PluginFactory<TransferFlows, TransferFlowsFactory.Config> {
  private static final String REGISTRY = "registry";
  private static final String ARCHIVE = "tar";

  /**
   * Bounds of pulls and pushes.
   *
   * @param maxConcurrentDownloads layers that are fetched at once, in the whole daemon
   * @param maxConcurrentUnpacks layers that are unpacked at once, in the whole daemon
   * @param maxConcurrentUploads blobs that are sent at once, in the whole daemon
   * @param stall how long a layer may make no progress
   * @param sync whether layer files are on the medium before their snapshot is named
   * @param differs ids of differs in the order in which they are asked; those not named come last
   * @param snapshotter what is unpacked into where the client names none
   * @param verifiers ids of image verifiers that must be there; those not named are asked too
   */
  public record Config(
      int maxConcurrentDownloads,
      int maxConcurrentUnpacks,
      int maxConcurrentUploads,
      Duration stall,
      boolean sync,
      List<String> differs,
      String snapshotter,
      List<String> verifiers) {
    static final Config DEFAULT =
        new Config(
            PullConfig.DEFAULT.maxConcurrentDownloads(),
            PullConfig.DEFAULT.maxConcurrentUnpacks(),
            4,
            PullConfig.DEFAULT.stall(),
            PullConfig.DEFAULT.sync(),
            List.of("walking"),
            "overlayfs",
            List.of());

    public Config {
      differs = List.copyOf(differs);
      if (maxConcurrentUploads < 1) {
        throw new InvalidArgumentException(
            "max_concurrent_uploads " + maxConcurrentUploads + " is not at least 1");
      }
      verifiers = List.copyOf(verifiers);
    }
  }

  @Override
  public PluginDeclaration<TransferFlows, Config> declaration() {
    return new PluginDeclaration<>(
        TransferFlows.TYPE,
        "local",
        List.of(
            Metadata.TYPE,
            PluginTypes.IMAGE_SOURCE,
            PluginTypes.IMAGE_FORMAT,
            PluginTypes.IMAGE_ARCHIVE,
            PluginTypes.DIFFER),
        List.of(PluginTypes.IMAGE_VERIFIER, PluginTypes.LAYER_PROCESSOR),
        false,
        Config.DEFAULT);
  }

  @Override
  public TransferFlows create(PluginContext context, Config config) {
    List<Differ> differs =
        new OrderedDiffers(context.requireAll(PluginTypes.DIFFER), config.differs());
    Map<String, ImageSource> sources = context.requireAll(PluginTypes.IMAGE_SOURCE);
    ImageSource registry = sources.get(REGISTRY);
    if (registry == null) {
      throw new FailedPreconditionException("image source \"" + REGISTRY + "\" is not running");
    }
    PullConfig bounds =
        new PullConfig(
            config.maxConcurrentDownloads(),
            config.maxConcurrentUnpacks(),
            config.stall(),
            config.sync());
    ImageArchive archive = context.requireAll(PluginTypes.IMAGE_ARCHIVE).get(ARCHIVE);
    if (archive == null) {
      throw new FailedPreconditionException("image archive \"" + ARCHIVE + "\" is not running");
    }
    Metadata metadata = context.require(Metadata.TYPE);
    LayerApplier applier =
        new LayerApplier(differs, context.wanted(PluginTypes.LAYER_PROCESSOR).values(), bounds);
    ImageVerification verification =
        verification(
            context.wanted(PluginTypes.IMAGE_VERIFIER),
            context.failed(PluginTypes.IMAGE_VERIFIER),
            config.verifiers());
    ImageFormats formats = new ImageFormats(context.requireAll(PluginTypes.IMAGE_FORMAT));
    ImagePuller puller =
        new ImagePuller(
            metadata, new ImageSources(sources), formats, verification, applier, bounds);
    puller.forgetInterrupted();
    context.uses(
        PluginTypes.IMAGE_VERIFIER,
        id -> named(config.verifiers().contains(id), "the configuration needs its verdict"));
    return new Running(
        puller,
        new ImagePusher(metadata, registry, config.maxConcurrentUploads()),
        new ImageImporter(metadata, archive, formats, puller),
        new ImageExporter(metadata, archive),
        applier,
        verification,
        differs,
        config.snapshotter());
  }

  private static List<PluginUse> named(boolean isNamed, String why) {
    return isNamed ? List.of(new PluginUse(why, false)) : List.of();
  }

  /** A jar that tells of no plugin at all is nobody's wanted one: who relies on it names it. */
  private static ImageVerification verification(
      Map<String, ImageVerifier> running, Map<String, String> failed, List<String> needed) {
    for (String id : needed) {
      if (!running.containsKey(id)) {
        throw new FailedPreconditionException("image verifier \"" + id + "\" is not running");
      }
    }
    return new ImageVerification(running, failed, needed);
  }

  /** The differs that run now: those that are named first, in that order. */
  private static final class OrderedDiffers extends AbstractList<Differ> {
    private final Map<String, Differ> running;
    private final List<String> order;

    OrderedDiffers(Map<String, Differ> running, List<String> order) {
      this.running = running;
      this.order = order;
    }

    private List<Differ> now() {
      Map<String, Differ> left = new LinkedHashMap<>(running);
      List<Differ> differs = new ArrayList<>();
      for (String id : order) {
        Differ differ = left.remove(id);
        if (differ != null) {
          differs.add(differ);
        }
      }
      differs.addAll(left.values());
      return differs;
    }

    @Override
    public Iterator<Differ> iterator() {
      return now().iterator();
    }

    @Override
    public Differ get(int index) {
      return now().get(index);
    }

    @Override
    public int size() {
      return now().size();
    }
  }

  private record Running(
      ImagePuller puller,
      ImagePusher pusher,
      ImageImporter importer,
      ImageExporter exporter,
      LayerApplier applier,
      ImageVerification verification,
      List<Differ> differs,
      String defaultSnapshotter)
      implements TransferFlows {}
}
