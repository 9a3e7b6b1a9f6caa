package dev.carafe.plugin.logs;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;

/** The table {@code [plugins."dev.carafe.log-driver.v1.tee"]}. */
record TeeConfig(
    @Description("Where the copies are: NAMESPACE/POD_UID/CONTAINER-ATTEMPT-ID.log.")
        Path directory,
    @Description(
            "Bytes after which a new file is begun; the old ones get .1, .2 and so on at their end.")
        long maxFileSize,
    @Description("How many files of one container are kept, the newest among them.") int maxFiles) {
  static final TeeConfig DEFAULT = new TeeConfig(Path.of("/var/log/carafe/tee"), 64L << 20, 4);

  TeeConfig {
    if (!directory.isAbsolute()) {
      throw new InvalidArgumentException("directory " + directory + " is not absolute");
    }
    if (maxFileSize < 1 << 16) {
      throw new InvalidArgumentException("max_file_size " + maxFileSize + " is below 65536");
    }
    if (maxFiles < 1 || maxFiles > 1000) {
      throw new InvalidArgumentException("max_files " + maxFiles + " is not between 1 and 1000");
    }
  }
}
