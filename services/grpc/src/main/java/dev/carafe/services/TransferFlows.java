package dev.carafe.services;

import dev.carafe.engine.archive.ImageExporter;
import dev.carafe.engine.archive.ImageImporter;
import dev.carafe.engine.pull.ImagePuller;
import dev.carafe.engine.pull.ImageVerification;
import dev.carafe.engine.pull.LayerApplier;
import dev.carafe.engine.push.ImagePusher;
import dev.carafe.spi.diffs.Differ;
import dev.carafe.spi.plugins.Direct;
import dev.carafe.spi.plugins.PluginType;
import java.util.List;

/** The flows that move images, as a plugin: for the gRPC services and for CRI. */
public interface TransferFlows {
  PluginType<TransferFlows> TYPE =
      new PluginType<>("io.containerd.transfer.v1", TransferFlows.class);

  @Direct
  ImagePuller puller();

  @Direct
  ImagePusher pusher();

  @Direct
  ImageImporter importer();

  @Direct
  ImageExporter exporter();

  @Direct
  LayerApplier applier();

  /** Whether an image may be used here: asked at a pull, and by CRI before a container is made. */
  @Direct
  ImageVerification verification();

  /** Differs in the order in which they are asked. */
  @Direct
  List<Differ> differs();

  /** What an unpack gets where the client names none. */
  @Direct
  String defaultSnapshotter();
}
