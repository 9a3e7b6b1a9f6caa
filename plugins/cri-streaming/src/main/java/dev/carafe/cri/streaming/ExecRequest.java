package dev.carafe.cri.streaming;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;

/**
 * A command to run in a container. At least one stream is wanted; of a terminal, not {@code
 * stderr}. The constructor throws {@link InvalidArgumentException} for anything else.
 */
public record ExecRequest(
    String containerId,
    List<String> command,
    boolean tty,
    boolean stdin,
    boolean stdout,
    boolean stderr)
    implements CommandRequest {
  public ExecRequest {
    Request.requireId("container id", containerId);
    CommandRequest.requireStreams(tty, stdin, stdout, stderr);
    command = List.copyOf(command);
    if (command.isEmpty()) {
      throw new InvalidArgumentException("command is empty");
    }
  }

  @Override
  public String kind() {
    return "exec";
  }
}
