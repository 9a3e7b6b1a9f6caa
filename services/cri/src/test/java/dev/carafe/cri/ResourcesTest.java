package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.cri.v1.HugepageLimit;
import dev.carafe.api.cri.v1.LinuxContainerResources;
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
  void aChangeLeavesWhatItDoesNotName() {
    LinuxContainerResources present =
        LinuxContainerResources.newBuilder().setCpuShares(2).setMemoryLimitInBytes(3).build();

    LinuxContainerResources next =
        Resources.merge(
            present, LinuxContainerResources.newBuilder().setMemoryLimitInBytes(9).build());

    assertEquals(present.toBuilder().setMemoryLimitInBytes(9).build(), next);
  }
}
