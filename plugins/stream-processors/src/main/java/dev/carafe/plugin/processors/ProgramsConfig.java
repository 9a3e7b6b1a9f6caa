package dev.carafe.plugin.processors;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which programs process layers.
 *
 * @param processors by id; the table {@code [stream_processors]}
 */
public record ProgramsConfig(Map<String, Processor> processors) {
  static final ProgramsConfig DEFAULT = new ProgramsConfig(Map.of());

  /**
   * One program.
   *
   * @param accepts media types of layers that it takes
   * @param returns media type of what it puts out
   * @param path a name on the PATH, or a path
   * @param env further variables, each as {@code NAME=value}
   */
  public record Processor(
      List<String> accepts, String returns, String path, List<String> args, List<String> env) {
    static final Processor DEFAULT = new Processor(List.of(), "", "", List.of(), List.of());

    public Processor {
      accepts = List.copyOf(accepts);
      args = List.copyOf(args);
      env = List.copyOf(env);
    }
  }

  public ProgramsConfig {
    processors = Map.copyOf(processors);
    Map<String, String> takenBy = new HashMap<>();
    new TreeMap<>(processors)
        .forEach((id, processor) -> {
          for (String mediaType : processor.accepts()) {
            String other = takenBy.put(mediaType, id);
            if (other != null) {
              throw new InvalidArgumentException(
                  "\"" + mediaType + "\" is accepted by both \"" + other + "\" and \"" + id + "\"");
            }
          }
        });
  }
}
