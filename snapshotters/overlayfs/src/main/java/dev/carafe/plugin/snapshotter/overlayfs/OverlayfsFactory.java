package dev.carafe.plugin.snapshotter.overlayfs;

import dev.carafe.plugin.snapshotter.support.DirectorySnapshotter;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Capability;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Makes the snapshotter {@code io.containerd.snapshotter.v1.overlayfs}. */
@CarafePlugin
public final class OverlayfsFactory implements PluginFactory<Snapshotter, OverlayfsConfig> {
  private static final PluginDeclaration<Snapshotter, OverlayfsConfig> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.SNAPSHOTTER,
          "overlayfs",
          List.of(),
          /* essential= */ false,
          OverlayfsConfig.DEFAULT);

  @Override
  public PluginDeclaration<Snapshotter, OverlayfsConfig> declaration() {
    return DECLARATION;
  }

  /**
   * Opens the snapshots of an earlier run.
   *
   * @throws dev.carafe.spi.errors.FailedPreconditionException if overlayfs cannot be used there
   */
  @Override
  public Snapshotter create(PluginContext context, OverlayfsConfig config) {
    Path root = config.rootPath().isEmpty() ? context.root() : directory(config.rootPath());
    Snapshotter snapshotter = open(root, config);
    context.export("root", root.toString());
    if (snapshotter.capabilities().contains(Capability.REBASE)) {
      context.capability("rebase");
    }
    if (snapshotter.capabilities().contains(Capability.REMAP_IDS)) {
      context.capability("remap-ids");
    }
    return snapshotter;
  }

  static DirectorySnapshotter open(Path root, OverlayfsConfig config) {
    OverlayFeatures features = OverlayProbe.probe(root);
    return DirectorySnapshotter.open(root, new OverlayFiles(features, config));
  }

  private static Path directory(String path) {
    try {
      var only = PosixFilePermissions.fromString("rwx------");
      return Files.createDirectories(Path.of(path), PosixFilePermissions.asFileAttribute(only));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
