package dev.carafe.engine.tasks;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/**
 * The running containers, as a plugin: for the gRPC services, for CRI and for the restart monitor.
 */
public interface TaskService {
  PluginType<TaskService> TYPE = new PluginType<>("io.containerd.service.v1", TaskService.class);

  @Direct
  TaskManager manager();

  @Direct
  RuntimeHandlers handlers();
}
