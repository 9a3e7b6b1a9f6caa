package dev.carafe.ctr;

import dev.carafe.ctr.grpc.Channel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a command works with. Connects at the first call. */
final class Session implements AutoCloseable {
  private static final String DEFAULT_ADDRESS = "/run/carafe/carafe.sock";

  private final Arguments global;
  private final Arguments arguments;
  private final Streams streams;
  private @Nullable Channel channel;

  Session(Arguments global, Arguments arguments, Streams streams) {
    this.global = global;
    this.arguments = arguments;
    this.streams = streams;
  }

  Arguments arguments() {
    return arguments;
  }

  Streams streams() {
    return streams;
  }

  Output out() {
    return streams.out();
  }

  String namespace() {
    String given = global.valueOrNull("namespace");
    String name =
        given != null
            ? given
            : fromEnvironment("default", "CARAFE_NAMESPACE", "CONTAINERD_NAMESPACE");
    if (!Text.printable(name).equals(name)) {
      throw new UsageException("namespace \"" + name + "\" is not well-formed");
    }
    return name;
  }

  String address() {
    String given = global.valueOrNull("address");
    String address =
        given != null
            ? given
            : fromEnvironment(DEFAULT_ADDRESS, "CARAFE_ADDRESS", "CONTAINERD_ADDRESS");
    return address.startsWith("unix://") ? address.substring("unix://".length()) : address;
  }

  String snapshotter() {
    String given = arguments.valueOrNull("snapshotter");
    return given != null
        ? given
        : fromEnvironment("overlayfs", "CARAFE_SNAPSHOTTER", "CONTAINERD_SNAPSHOTTER");
  }

  boolean json() {
    return arguments.value("format", "table").equals("json");
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

  /** Where FIFOs are made: beside the socket, which the daemon sees too, if that is allowed. */
  Path fifoDirectory() {
    Path beside = Path.of(address()).toAbsolutePath().getParent();
    return beside != null && Files.isWritable(beside) ? beside : Path.of("/tmp");
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
