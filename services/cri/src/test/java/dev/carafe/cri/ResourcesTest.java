package dev.carafe.cri;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.cri.v1.HugepageLimit;
import dev.carafe.api.cri.v1.LinuxContainerResources;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.resources.PossibleLimits;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResourcesTest {
  @Test
  void limitsBecomeTheSpecifications() {
    LinuxContainerResources limits =
        LinuxContainerResources.newBuilder()
            .setCpuPeriod(100000)
            .setCpuQuota(50000)
            .setCpuShares(512)
            .setCpusetCpus("0-1")
            .setMemoryLimitInBytes(1 << 20)
            .setMemorySwapLimitInBytes(2 << 20)
            .addHugepageLimits(HugepageLimit.newBuilder().setPageSize("2MB").setLimit(4))
            .putUnified("memory.high", "1000")
            .build();

    assertEquals(
        Map.of(
            "cpu", Map.of("period", 100000L, "quota", 50000L, "shares", 512L, "cpus", "0-1"),
            "memory", Map.of("limit", 1L << 20, "swap", 2L << 20),
            "hugepageLimits", List.of(Map.of("pageSize", "2MB", "limit", 4L)),
            "unified", Map.of("memory.high", "1000")),
        Resources.of(limits));
    assertEquals(Map.of(), Resources.of(LinuxContainerResources.getDefaultInstance()));
  }

  @Test
  void limitsThatTheMachineDoesNotHaveAreLeftOut() {
    // Given
    Map<String, Object> limits =
        Map.of(
            "memory", Map.of("limit", 1L, "swap", 2L),
            "hugepageLimits", List.of(Map.of("pageSize", "2MB", "limit", 4L)));

    // Then
    assertEquals(limits, Resources.possible(limits, new PossibleLimits(true, true, true)));
    assertEquals(
        Map.of("memory", Map.of("limit", 1L)),
        Resources.possible(limits, new PossibleLimits(true, false, false)));
  }

  @Test
  void aChangeLeavesWhatItDoesNotName() {
    LinuxContainerResources present =
        LinuxContainerResources.newBuilder().setCpuShares(2).setMemoryLimitInBytes(3).build();

    LinuxContainerResources next =
        Resources.merge(
            present, LinuxContainerResources.newBuilder().setMemoryLimitInBytes(9).build());

    assertEquals(present.toBuilder().setMemoryLimitInBytes(9).build(), next);
  }

  @Test
  void aSpecificationKeepsTheLimitsThatAChangeDoesNotName() {
    // Given
    byte[] spec =
        """
        {"process": {"args": ["sh"]},
         "linux": {"cgroupsPath": "/c",
           "resources": {"cpu": {"shares": 2, "quota": 5}, "pids": {"limit": 9}}}}
        """
            .getBytes(UTF_8);

    // When
    JsonObject changed =
        Json.object("spec", Resources.into(spec, "{\"cpu\":{\"shares\":7}}".getBytes(UTF_8)));

    // Then
    JsonObject resources = changed.object("linux").object("resources");
    assertEquals(Map.of("shares", 7L, "quota", 5L), resources.object("cpu").members());
    assertEquals(9, resources.object("pids").number("limit", 0));
    assertEquals("/c", changed.object("linux").text("cgroupsPath"));
    assertEquals(List.of("sh"), changed.object("process").texts("args"));
  }
}
