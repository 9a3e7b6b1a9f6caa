package dev.carafe.spi.logs;

import java.nio.file.Path;
import java.util.Map;

/**
 * A container with output. Names, labels and annotations are what the kubelet's clients chose: any
 * text of at most 4096 characters, with whatever a path or a line must not have in it.
 *
 * @param id unique on this machine: letters and digits
 * @param attempt how often the kubelet has started a container of that name in the pod before
 * @param file that the kubelet reads, in the log format of CRI
 */
public record LoggedContainer(
    String id,
    String name,
    int attempt,
    String podName,
    String podNamespace,
    String podUid,
    Path file,
    Map<String, String> labels,
    Map<String, String> annotations) {
  public LoggedContainer {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }
}
