package dev.carafe.services;

import dev.carafe.engine.tasks.RuntimeHandlers;
import dev.carafe.engine.tasks.TaskManager;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/** The running containers, as a plugin: for the gRPC services and for CRI. */
public interface TaskService {
  PluginType<TaskService> TYPE = new PluginType<>("io.containerd.service.v1", TaskService.class);

  @Direct
  TaskManager manager();

  @Direct
  RuntimeHandlers handlers();
}
