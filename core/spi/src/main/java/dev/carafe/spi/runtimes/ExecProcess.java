package dev.carafe.spi.runtimes;

/**
 * A further process for a task.
 *
 * @param process the OCI runtime specification's {@code process} object, as JSON bytes
 */
public record ExecProcess(ProcessId id, byte[] process, Stdio stdio) {}
