package dev.carafe.spi.sandboxes;

import java.time.Instant;

/** Statistics of a sandbox, in a message of the controller's choice. */
public record SandboxMetrics(Instant at, SandboxValue value) {}
