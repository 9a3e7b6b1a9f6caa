package dev.carafe.spi.resources;

/**
 * What this machine's kernel can limit, of what not every one can.
 *
 * @param unified whether the controllers are those of cgroup version 2
 * @param swap whether swap can be limited
 * @param hugePages whether huge pages can be limited
 */
public record PossibleLimits(boolean unified, boolean swap, boolean hugePages) {}
