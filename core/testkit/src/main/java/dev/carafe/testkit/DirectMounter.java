package dev.carafe.testkit;

import dev.carafe.spi.mounts.Mount;
import java.nio.file.Path;
import java.util.List;

final class DirectMounter implements TestMounter {
  @Override
  public Mounted mount(List<Mount> mounts, Path directory) {
    if (mounts.size() != 1
        || !mounts.getFirst().type().equals("bind")
        || !mounts.getFirst().target().isEmpty()) {
      throw new IllegalArgumentException("not a single bind mount: " + mounts);
    }
    Path source = Path.of(mounts.getFirst().source());
    return new Mounted() {
      @Override
      public Path root() {
        return source;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public boolean enforcesReadOnly() {
    return false;
  }
}
