package dev.carafe.plugin.runtime.wasm;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How much processor time a task may take.
 *
 * @param seconds in all, as {@code RLIMIT_CPU}; 0 for as much as it wants
 * @param quota microseconds in each period; 0 for as much as it wants
 * @param period in microseconds
 */
record CpuLimits(long seconds, long quota, long period) {
  private static final long DEFAULT_PERIOD = 100_000;

  /** {@code linux.resources.cpu}'s share, the rest as before. */
  CpuLimits with(JsonNode cpu) {
    long newQuota = cpu.has("quota") ? Math.max(0, cpu.path("quota").asLong()) : quota;
    long newPeriod = cpu.has("period") ? cpu.path("period").asLong() : period;
    return new CpuLimits(seconds, newQuota, newPeriod <= 0 ? DEFAULT_PERIOD : newPeriod);
  }

  static CpuLimits of(long seconds, JsonNode cpu) {
    return new CpuLimits(seconds, 0, DEFAULT_PERIOD).with(cpu);
  }

  boolean any() {
    return seconds > 0 || quota > 0;
  }
}
