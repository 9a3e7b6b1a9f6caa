package dev.carafe.services.debug;

import dev.carafe.engine.stores.Metadata;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.events.EventBus;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the page is made from when somebody looks.
 *
 * @param version of the daemon
 * @param plugins in any order
 */
public record DebugSources(
    String version,
    Supplier<List<PluginFigures>> plugins,
    Metadata metadata,
    Supplier<TaskManager> tasks,
    EventBus events) {}
