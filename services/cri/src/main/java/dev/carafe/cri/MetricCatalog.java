package dev.carafe.cri;

import dev.carafe.api.cri.v1.Metric;
import dev.carafe.api.cri.v1.MetricDescriptor;
import dev.carafe.api.cri.v1.MetricType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The metrics of containers that a kubelet expects where it does not count itself (KEP-2371). */
final class MetricCatalog {
  /** Labels of every metric; a kubelet's own metrics have the same. */
  private static final List<String> COMMON =
      List.of("container", "id", "image", "name", "namespace", "pod");

  /** Name, c(ounter) or g(auge), labels beyond the common ones, help. */
  private static final String TABLE =
      """
      container_blkio_device_usage_total|c|device,major,minor,operation|Bytes read and written by block device
      container_cpu_cfs_periods_total|c||Elapsed periods of the CPU limit
      container_cpu_cfs_throttled_periods_total|c||Periods in which the CPU limit was reached
      container_cpu_cfs_throttled_seconds_total|c||Time for which the CPU limit stopped the container
      container_cpu_system_seconds_total|c||CPU time in the kernel
      container_cpu_usage_seconds_total|c|cpu|CPU time
      container_cpu_user_seconds_total|c||CPU time in programs
      container_file_descriptors|g||Open file descriptors
      container_fs_inodes_free|g|device|Free inodes of the file system
      container_fs_inodes_total|g|device|Inodes of the file system
      container_fs_limit_bytes|g|device|Size of the file system
      container_fs_reads_bytes_total|c|device|Bytes read
      container_fs_reads_total|c|device|Completed reads
      container_fs_usage_bytes|g|device|Bytes of the container's writable layer
      container_fs_writes_bytes_total|c|device|Bytes written
      container_fs_writes_total|c|device|Completed writes
      container_hugetlb_max_usage_bytes|g|pagesize|Most huge pages in use so far
      container_hugetlb_usage_bytes|g|pagesize|Huge pages in use
      container_last_seen|g||Time of the last look at the container
      container_memory_cache|g||Page cache
      container_memory_failcnt|c||How often the memory limit was reached
      container_memory_failures_total|c|failure_type,scope|Page faults
      container_memory_kernel_usage|g||Memory of the kernel for the container
      container_memory_mapped_file|g||Mapped files
      container_memory_max_usage_bytes|g||Most memory in use so far
      container_memory_rss|g||Anonymous memory
      container_memory_swap|g||Swap in use
      container_memory_usage_bytes|g||Memory in use, page cache included
      container_memory_working_set_bytes|g||Memory in use without inactive page cache
      container_network_receive_bytes_total|c|interface|Bytes received
      container_network_receive_errors_total|c|interface|Errors on reception
      container_network_receive_packets_dropped_total|c|interface|Packets dropped on reception
      container_network_receive_packets_total|c|interface|Packets received
      container_network_transmit_bytes_total|c|interface|Bytes sent
      container_network_transmit_errors_total|c|interface|Errors on sending
      container_network_transmit_packets_dropped_total|c|interface|Packets dropped on sending
      container_network_transmit_packets_total|c|interface|Packets sent
      container_oom_events_total|c||Processes killed for want of memory
      container_pressure_cpu_stalled_seconds_total|c||Time in which all tasks waited for a CPU
      container_pressure_cpu_waiting_seconds_total|c||Time in which some task waited for a CPU
      container_pressure_io_stalled_seconds_total|c||Time in which all tasks waited for I/O
      container_pressure_io_waiting_seconds_total|c||Time in which some task waited for I/O
      container_pressure_memory_stalled_seconds_total|c||Time in which all tasks waited for memory
      container_pressure_memory_waiting_seconds_total|c||Time in which some task waited for memory
      container_processes|g||Processes
      container_sockets|g||Open sockets
      container_spec_cpu_period|g||Period of the CPU limit in microseconds
      container_spec_cpu_quota|g||CPU limit in microseconds per period
      container_spec_cpu_shares|g||Share of the CPU
      container_spec_memory_limit_bytes|g||Memory limit
      container_spec_memory_reservation_limit_bytes|g||Memory that is left to the container at least
      container_spec_memory_swap_limit_bytes|g||Limit of memory and swap
      container_start_time_seconds|g||Time of the start
      container_threads|g||Threads
      container_threads_max|g||Limit of processes and threads; 0 for none
      container_ulimits_soft|g|ulimit|Soft limits of the first process
      """;

  private static final Map<String, MetricDescriptor> DESCRIPTORS = new LinkedHashMap<>();
  private static final Map<String, MetricType> TYPES = new LinkedHashMap<>();

  static {
    for (String line : TABLE.lines().toList()) {
      String[] parts = line.split("\\|", 4);
      List<String> labels = new ArrayList<>(COMMON);
      if (!parts[2].isEmpty()) {
        labels.addAll(List.of(parts[2].split(",")));
      }
      DESCRIPTORS.put(
          parts[0],
          MetricDescriptor.newBuilder()
              .setName(parts[0])
              .setHelp(parts[3])
              .addAllLabelKeys(labels)
              .build());
      TYPES.put(parts[0], parts[1].equals("c") ? MetricType.COUNTER : MetricType.GAUGE);
    }
  }

  private MetricCatalog() {}

  static List<MetricDescriptor> descriptors() {
    return List.copyOf(DESCRIPTORS.values());
  }

  /** Collects the metrics of one container, or of a pod. */
  static final class Sheet {
    private final List<String> common;
    private final long at;
    private final List<Metric> metrics = new ArrayList<>();

    /**
     * Begins.
     *
     * @param common values of the common labels, in their order
     * @param at nanoseconds since 1970
     */
    Sheet(List<String> common, long at) {
      if (common.size() != COMMON.size()) {
        throw new IllegalArgumentException("labels are " + COMMON);
      }
      this.common = common;
      this.at = at;
    }

    Sheet add(String name, long value, String... labels) {
      MetricDescriptor descriptor = DESCRIPTORS.get(name);
      MetricType type = TYPES.get(name);
      if (descriptor == null
          || type == null
          || descriptor.getLabelKeysCount() != common.size() + labels.length) {
        throw new IllegalArgumentException("metric " + name + " with " + List.of(labels));
      }
      metrics.add(
          Metric.newBuilder()
              .setName(name)
              .setTimestamp(at)
              .setMetricType(type)
              .addAllLabelValues(common)
              .addAllLabelValues(List.of(labels))
              .setValue(Stats.value(Math.max(0, value)))
              .build());
      return this;
    }

    List<Metric> metrics() {
      return metrics;
    }
  }
}
