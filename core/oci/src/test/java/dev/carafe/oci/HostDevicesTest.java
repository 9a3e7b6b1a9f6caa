package dev.carafe.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostDevicesTest {
  @Test
  void devicesHaveTheirNumbers() throws Exception {
    List<Device> devices = HostDevices.below(Path.of("/dev"));

    Device none =
        devices.stream().filter(d -> d.path().equals("/dev/null")).findFirst().orElseThrow();
    assertEquals("c", none.type());
    assertEquals(1, none.major());
    assertEquals(3, none.minor());
    assertTrue((none.mode() & 0222) != 0, Integer.toOctalString(none.mode()));
    assertTrue(devices.stream().noneMatch(d -> d.path().startsWith("/dev/pts/")));
  }

  @Test
  void filesAndLinksAreNoDevices(@TempDir Path directory) throws Exception {
    Files.writeString(directory.resolve("file"), "");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));
    Files.createSymbolicLink(directory.resolve("loop"), Path.of("."));

    assertEquals(List.of(), HostDevices.below(directory));
  }
}
