package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;

/**
 * A running container whose streams are wanted: at least one, and of a terminal, not {@code
 * stderr}. The constructor throws {@link InvalidArgumentException} for anything else.
 */
public record AttachRequest(
    String containerId, boolean tty, boolean stdin, boolean stdout, boolean stderr)
    implements CommandRequest {
  public AttachRequest {
    Request.requireId("container id", containerId);
    CommandRequest.requireStreams(tty, stdin, stdout, stderr);
  }

  @Override
  public String kind() {
    return "attach";
  }
}
