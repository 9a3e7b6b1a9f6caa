package dev.carafe.ctr;

import dev.carafe.ctr.grpc.Channel;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a command works with. Connects at the first call. */
final class Session implements AutoCloseable {
  private static final String DEFAULT_ADDRESS = "/run/carafe/carafe.sock";

  private final Arguments global;
  private final Arguments arguments;
  private final PrintStream out;
  private @Nullable Channel channel;

  Session(Arguments global, Arguments arguments, PrintStream out) {
    this.global = global;
    this.arguments = arguments;
    this.out = out;
  }

  Arguments arguments() {
    return arguments;
  }

  PrintStream out() {
    return out;
  }

  String namespace() {
    String given = global.valueOrNull("namespace");
    return given != null ? given : fromEnvironment("default", "CARAFE_NAMESPACE", "CONTAINERD_NAMESPACE");
  }

  String address() {
    String given = global.valueOrNull("address");
    String address =
        given != null ? given : fromEnvironment(DEFAULT_ADDRESS, "CARAFE_ADDRESS", "CONTAINERD_ADDRESS");
    return address.startsWith("unix://") ? address.substring("unix://".length()) : address;
  }

  String snapshotter() {
    String given = arguments.valueOrNull("snapshotter");
    return given != null ? given : fromEnvironment("overlayfs", "CARAFE_SNAPSHOTTER", "CONTAINERD_SNAPSHOTTER");
  }

  boolean json() {
    String format = arguments.value("format", "table");
    if (!List.of("table", "json").contains(format)) {
      throw new UsageException("--format is table or json, not \"" + format + "\"");
    }
    return format.equals("json");
  }

  /** The connection to the daemon; every call on it carries the namespace. */
  Channel channel() {
    Channel open = channel;
    if (open == null) {
      open = Channel.connect(Path.of(address()), Map.of("containerd-namespace", namespace()));
      channel = open;
    }
    return open;
  }

  private static String fromEnvironment(String otherwise, String... names) {
    for (String name : names) {
      String value = System.getenv(name);
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return otherwise;
  }

  @Override
  public void close() {
    if (channel != null) {
      channel.close();
    }
  }
}
