package dev.carafe.testkit;

import dev.carafe.linux.Mounter;
import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.List;

final class KernelMounter implements TestMounter {
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
