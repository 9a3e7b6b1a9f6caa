package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.Metric;
import dev.carafe.api.cri.v1.MetricDescriptor;
import dev.carafe.api.cri.v1.MetricType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricCatalogTest {
  private static final List<String> COMMON = List.of("c", "id", "image", "name", "ns", "pod");

  @Test
  void everyMetricIsDescribedOnce() {
    List<MetricDescriptor> all = MetricCatalog.descriptors();
    assertEquals(56, all.stream().map(MetricDescriptor::getName).distinct().count());
    assertEquals(56, all.size());
    for (MetricDescriptor one : all) {
      assertFalse(one.getHelp().isEmpty(), one.getName());
      assertTrue(one.getLabelKeysList().containsAll(List.of("container", "namespace", "pod")));
    }
  }

  @Test
  void aValueHasTheLabelsThatItsDescriptorNames() {
    var sheet = new MetricCatalog.Sheet(COMMON, 5);
    sheet.add("container_network_receive_bytes_total", 7, "eth0");
    Metric metric = sheet.metrics().getFirst();
    assertEquals(
        List.of("c", "id", "image", "name", "ns", "pod", "eth0"), metric.getLabelValuesList());
    assertEquals(MetricType.COUNTER, metric.getMetricType());
    assertEquals(7, metric.getValue().getValue());
    assertThrows(
        IllegalArgumentException.class,
        () -> sheet.add("container_network_receive_bytes_total", 7));
    assertThrows(IllegalArgumentException.class, () -> sheet.add("container_luck", 7));
  }

  @Test
  void interfacesAreReadAsTheKernelWritesThem() {
    Map<String, long[]> read =
        ProcessFiles.network(
            """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
              eth0: 1234567      89    1    2    0     0          0         0     9876      54    3    4    0     0       0          0
            """);
    assertEquals(List.of("lo", "eth0"), List.copyOf(read.keySet()));
    assertArrayEquals(
        new long[] {1234567, 89, 1, 2, 0, 0, 0, 0, 9876, 54, 3, 4, 0, 0, 0, 0}, read.get("eth0"));
    assertTrue(ProcessFiles.network("rubbish: 1 2 3\n").isEmpty());
  }

  @Test
  void theFilesOfThisProcessAreCounted() {
    ProcessFiles here = ProcessFiles.of(List.of(ProcessHandle.current().pid()));
    assertTrue(here.threads() > 1 && here.descriptors() > 2, here::toString);
    assertTrue(ProcessFiles.openFiles(ProcessHandle.current().pid()) > 0);
    assertEquals(new ProcessFiles(0, 0, 0), ProcessFiles.of(List.of(Long.MAX_VALUE)));
  }
}
