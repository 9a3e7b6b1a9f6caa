package dev.carafe.plugin.resources.cgroup;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** One entry for each size of huge pages that a group accounts for: {@code hugetlb.2MB.*}. */
final class HugePages {
  private HugePages() {}

  static List<Map<String, Object>> read(
      @Nullable Path directory, BiFunction<Path, String, Map<String, Object>> entry) {
    var sizes = new TreeSet<String>();
    if (directory != null) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "hugetlb.*B.*")) {
        for (Path file : files) {
          sizes.add(file.getFileName().toString().split("\\.")[1]);
        }
      } catch (IOException _) {
        // The group is gone: no sizes.
      }
    }
    var result = new ArrayList<Map<String, Object>>();
    sizes.forEach(size -> result.add(entry.apply(directory, size)));
    return result;
  }
}
