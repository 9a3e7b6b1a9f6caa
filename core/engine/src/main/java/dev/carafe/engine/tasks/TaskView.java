package dev.carafe.engine.tasks;

import dev.carafe.spi.runtimes.ProcessStatus;
import dev.carafe.spi.runtimes.Stdio;
import java.nio.file.Path;

/**
 * A process of a task, as it is now.
 *
 * @param execId empty for the task's first process
 */
public record TaskView(
    String containerId, String execId, Path bundle, Stdio stdio, ProcessStatus status) {}
