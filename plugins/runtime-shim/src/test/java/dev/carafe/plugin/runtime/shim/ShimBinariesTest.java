package dev.carafe.plugin.runtime.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShimBinariesTest {
  @TempDir Path first;
  @TempDir Path second;
  private ShimBinaries binaries;

  @BeforeEach
  void open() {
    binaries = new ShimBinaries(List.of(first, second));
  }

  private static Path program(Path directory, String name) throws IOException {
    Path file = Files.createFile(directory.resolve(name));
    assertTrue(file.toFile().setExecutable(true));
    return file;
  }

  @Test
  void theLastTwoPartsNameTheProgram() throws Exception {
    Path shim = program(second, "containerd-shim-test-v9");
    assertEquals(shim, binaries.find("io.containerd.test.v9"));
    assertEquals(shim, binaries.find("a.b.c.test.v9"));
    Path earlier = program(first, "containerd-shim-test-v9");
    assertEquals(earlier, binaries.find("io.containerd.test.v9"));
  }

  @Test
  void anAbsolutePathIsItself() throws Exception {
    Path shim = program(second, "my-shim");
    assertEquals(shim, binaries.find(shim.toString()));
    assertThrows(NotFoundException.class, () -> binaries.find("/no/such/shim"));
    Files.createFile(first.resolve("text"));
    assertThrows(NotFoundException.class, () -> binaries.find(first.resolve("text").toString()));
  }

  @Test
  void whatIsNotInstalledIsNotFound() {
    assertThrows(NotFoundException.class, () -> binaries.find("io.containerd.nowhere.v7"));
    assertFalse(binaries.has("io.containerd.nowhere.v7"));
  }

  @Test
  void otherNamesAreRefused() {
    for (String name :
        List.of("", "runc", "runc.v2", "io.containerd..v2", "a.b/c.../x.v2", "a.b.c d")) {
      assertThrows(InvalidArgumentException.class, () -> binaries.find(name), name);
      assertFalse(binaries.has(name));
    }
  }
}
