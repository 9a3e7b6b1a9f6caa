package dev.carafe.services.telemetry;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskManager;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the figures are taken from when somebody asks for them.
 *
 * @param tasks asked at the first scrape, not before
 */
public record Sources(
    String version,
    Supplier<Metadata> metadata,
    Supplier<TaskManager> tasks,
    Supplier<List<PluginCalls>> plugins) {}
