package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.plugin.snapshotter.support.DirectorySnapshotter;
import dev.carafe.spi.plugins.CarafePlugin;
import dev.carafe.spi.plugins.PluginContext;
import dev.carafe.spi.plugins.PluginDeclaration;
import dev.carafe.spi.plugins.PluginFactory;
import dev.carafe.spi.plugins.PluginTypes;
import dev.carafe.spi.snapshots.Snapshotter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Makes the snapshotter {@code io.containerd.snapshotter.v1.native}. */
@CarafePlugin
public final class NativeFactory implements PluginFactory<Snapshotter, NativeConfig> {
  private static final PluginDeclaration<Snapshotter, NativeConfig> DECLARATION =
      new PluginDeclaration<>(
          PluginTypes.SNAPSHOTTER,
          "native",
          List.of(),
          /* essential= */ false,
          NativeConfig.DEFAULT);

  @Override
  public PluginDeclaration<Snapshotter, NativeConfig> declaration() {
    return DECLARATION;
  }

  @Override
  public Snapshotter create(PluginContext context, NativeConfig config) {
    Path root = config.rootPath().isEmpty() ? context.root() : directory(config.rootPath());
    context.export("root", root.toString());
    return DirectorySnapshotter.open(root, new NativeFiles());
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
