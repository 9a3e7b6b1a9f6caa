package dev.carafe.services;

import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;

/** Streams that clients opened and named, as a plugin. */
public interface Streams {
  PluginType<Streams> TYPE = new PluginType<>("io.containerd.streaming.v1", Streams.class);

  @Direct
  StreamRegistry registry();
}
