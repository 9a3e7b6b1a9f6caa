package dev.carafe.plugin.snapshotter.nativefs;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.mounts.Mount;
import dev.carafe.testkit.TestMounter;
import java.nio.file.Path;
import java.util.List;

/** Mounts for real. */
final class KernelTestMounter implements TestMounter {
  @Override
  public Mounted mount(List<Mount> mounts, Path directory) {
    Mounter.kernel().mount(mounts, directory);
    return new Mounted() {
      @Override
      public Path root() {
        return directory;
      }

      @Override
      public void close() {
        Mounter.kernel().unmountAll(directory);
      }
    };
  }
}
