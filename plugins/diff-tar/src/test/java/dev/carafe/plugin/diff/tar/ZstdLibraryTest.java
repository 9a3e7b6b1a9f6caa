package dev.carafe.plugin.diff.tar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.github.luben.zstd.Zstd;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.WorkDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ZstdLibraryTest {
  @Test
  void nothingIsLeftOfLoadingItNorOfAKilledProcess(WorkDirectory work) throws IOException {
    Files.writeString(work.path().resolve("libzstd-jni-1.0.0-1234.so"), "cut");
    var library = new ZstdLibrary(work.path());
    library.load();
    library.load();
    assertEquals(5, Zstd.decompress(Zstd.compress("hello".getBytes()), 5).length);
    try (var files = Files.list(work.path())) {
      assertEquals(List.of(), files.toList());
    }
  }
}
