package dev.carafe.plugin.images.archive;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.Description;
import java.nio.file.Path;
import java.util.List;

/** Which files are images, and bounds of what is read of them. */
record ImageFilesConfig(
    @Description("Folders whose files and directories may be pulled from; none: no file is.")
        List<Path> folders,
    @Description("Entries of one archive at most.") int maxEntries,
    @Description("Bytes that a packed archive may unpack to, in the plugin's root meanwhile.")
        long maxUnpackedBytes,
    @Description("Unpacked bytes per packed byte, looked at beyond a GiB.") long maxRatio) {
  static final ImageFilesConfig DEFAULT =
      new ImageFilesConfig(List.of(), 100_000, 64L << 30, ImageArchiveConfig.DEFAULT.maxRatio());

  ImageFilesConfig {
    folders = List.copyOf(folders);
    for (Path folder : folders) {
      if (!folder.isAbsolute() || !folder.normalize().equals(folder)) {
        throw new InvalidArgumentException(
            "folders: \"" + folder + "\" is not an absolute path without \"..\"");
      }
    }
    if (maxEntries < 1 || maxUnpackedBytes < 1 || maxRatio < 1) {
      throw new InvalidArgumentException(
          "max_entries, max_unpacked_bytes and max_ratio must be at least 1");
    }
  }

  ImageArchiveConfig limits() {
    return new ImageArchiveConfig(
        maxEntries, maxUnpackedBytes, maxRatio, ImageArchiveConfig.DEFAULT.ratioFloorBytes());
  }
}
