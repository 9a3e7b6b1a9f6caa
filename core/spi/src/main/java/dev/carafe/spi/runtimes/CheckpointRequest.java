package dev.carafe.spi.runtimes;

import java.nio.file.Path;

/**
 * Writes a task's memory and state to a directory.
 *
 * @param directory empty, made by the caller
 * @param exit whether the task ends with it
 */
public record CheckpointRequest(Path directory, boolean exit, RuntimeOptions options) {}
