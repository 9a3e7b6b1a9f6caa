package dev.carafe.spi.runtimes;

/**
 * A process inside a task.
 *
 * @param execId of the exec that started it; empty where that is not known, or for the first
 *     process
 */
public record TaskProcess(long pid, String execId) {}
