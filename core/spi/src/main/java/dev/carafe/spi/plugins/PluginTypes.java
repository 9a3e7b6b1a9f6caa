package dev.carafe.spi.plugins;

import dev.carafe.spi.content.ContentStore;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.files.ContainerFiles;
import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.ImageArchive;
import dev.carafe.spi.images.ImageFormat;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.logs.LogDriver;
import dev.carafe.spi.metadata.MetadataDatabase;
import dev.carafe.spi.mounts.RootFileSystems;
import dev.carafe.spi.pods.PodHooks;
import dev.carafe.spi.resources.ResourceManager;
import dev.carafe.spi.runtimes.TaskRuntime;
import dev.carafe.spi.sandboxes.SandboxController;
import dev.carafe.spi.snapshots.Snapshotter;

/**
 * The kinds of plugin that a jar may bring. Names are containerd's where containerd has the kind.
 */
public final class PluginTypes {
  public static final PluginType<ContentStore> CONTENT_STORE =
      new PluginType<>("io.containerd.content.v1", ContentStore.class);
  public static final PluginType<Snapshotter> SNAPSHOTTER =
      new PluginType<>("io.containerd.snapshotter.v1", Snapshotter.class);
  public static final PluginType<Differ> DIFFER =
      new PluginType<>("io.containerd.differ.v1", Differ.class);
  public static final PluginType<LayerProcessor> LAYER_PROCESSOR =
      new PluginType<>("dev.carafe.layer-processor.v1", LayerProcessor.class);
  public static final PluginType<EventBus> EVENT_BUS =
      new PluginType<>("io.containerd.event.v1", EventBus.class);
  public static final PluginType<TaskRuntime> TASK_RUNTIME =
      new PluginType<>("io.containerd.runtime.v2", TaskRuntime.class);
  public static final PluginType<MetadataDatabase> METADATA_DATABASE =
      new PluginType<>("dev.carafe.metadata-database.v1", MetadataDatabase.class);
  public static final PluginType<ImageSource> IMAGE_SOURCE =
      new PluginType<>("dev.carafe.image-source.v1", ImageSource.class);
  public static final PluginType<ImageArchive> IMAGE_ARCHIVE =
      new PluginType<>("dev.carafe.image-archive.v1", ImageArchive.class);
  public static final PluginType<ImageFormat> IMAGE_FORMAT =
      new PluginType<>("dev.carafe.image-format.v1", ImageFormat.class);
  public static final PluginType<ContainerFiles> CONTAINER_FILES =
      new PluginType<>("dev.carafe.container-files.v1", ContainerFiles.class);
  public static final PluginType<CredentialProvider> CREDENTIAL_PROVIDER =
      new PluginType<>("dev.carafe.credential-provider.v1", CredentialProvider.class);
  public static final PluginType<ImageVerifier> IMAGE_VERIFIER =
      new PluginType<>("io.containerd.image-verifier.v1", ImageVerifier.class);

  public static final PluginType<SandboxController> SANDBOX_CONTROLLER =
      new PluginType<>("io.containerd.sandbox.controller.v1", SandboxController.class);

  /** The first of its kind is the Node Resource Interface, hence the name. */
  public static final PluginType<PodHooks> POD_HOOKS =
      new PluginType<>("io.containerd.nri.v1", PodHooks.class);

  public static final PluginType<LogDriver> LOG_DRIVER =
      new PluginType<>("dev.carafe.log-driver.v1", LogDriver.class);

  public static final PluginType<ResourceManager> RESOURCE_MANAGER =
      new PluginType<>("dev.carafe.resource-manager.v1", ResourceManager.class);

  /** What the daemon does for runtimes that have no processes. */
  public static final PluginType<RootFileSystems> ROOT_FILE_SYSTEMS =
      new PluginType<>("dev.carafe.root-file-systems.v1", RootFileSystems.class);

  private PluginTypes() {}
}
