package dev.carafe.daemon;

import dev.carafe.host.PluginHost;
import dev.carafe.host.config.ConfigLoader;
import dev.carafe.host.config.DaemonConfig;
import dev.carafe.metadata.mapdb.DatabaseTool;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.plugins.PluginTypes;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@code carafed}. Exit codes: 0 stopped as asked, 1 did not start, 2 wrong
 * usage.
 */
public final class Main {
  private static final String USAGE =
      """
      usage: carafed [--config FILE] [--root DIR] [--state DIR] [--address SOCKET]
             carafed [flags] config default|check|dump
             carafed [flags] db check|repair
             carafed [--address SOCKET] publish --topic TOPIC --namespace NAMESPACE <EVENT
             carafed --version | --help

        --config FILE     configuration (default /etc/carafe/config.toml, where it exists)
        --root DIR        what survives a reboot (default /var/lib/carafe)
        --state DIR       what does not (default /run/carafe)
        --address SOCKET  Unix socket of the API (default /run/carafe/carafe.sock)

      publish sends the google.protobuf.Any on its standard input to a running daemon; shims use it.
      Flags win over the file. The daemon runs in the foreground and logs to standard error.
      """;

  private Main() {}

  public static void main(String[] args) {
    int code = run(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  private static int run(String[] args) {
    var publish = Publish.flags(args);
    if (publish != null) {
      return Publish.run(publish, System.in);
    }
    try {
      Arguments arguments = Arguments.parse(List.of(args));
      if (arguments.help()) {
        System.out.print(USAGE);
        return 0;
      }
      if (arguments.version()) {
        System.out.println("carafed " + Version.TEXT);
        return 0;
      }
      return arguments.words().isEmpty() ? serve(arguments.flags()) : tool(arguments);
    } catch (UsageException e) {
      System.err.println("carafed: " + e.getMessage());
      System.err.print(USAGE);
      return 2;
    } catch (DaemonException e) {
      String.valueOf(e.getMessage())
          .lines()
          .forEach(line -> System.err.println("carafed: " + line));
      return 1;
    }
  }

  private static int serve(ConfigLoader.Flags flags) {
    DaemonConfig config = ConfigLoader.load(flags);
    Logs.configure(config.debug());
    Daemon daemon = Daemon.start(config, () -> ConfigLoader.load(flags));
    Signals.install(daemon, new Reload(flags, config, daemon::reload));
    daemon.awaitStop();
    return 0;
  }

  private static int tool(Arguments arguments) {
    return switch (String.join(" ", arguments.words())) {
      case "config default" -> {
        System.out.print(PluginHost.describe(DaemonConfig.DEFAULT));
        yield 0;
      }
      case "config dump" -> {
        System.out.print(PluginHost.describe(ConfigLoader.load(arguments.flags())));
        yield 0;
      }
      case "config check" -> {
        List<String> problems = PluginHost.check(ConfigLoader.load(arguments.flags()));
        problems.forEach(problem -> System.err.println("carafed: " + problem));
        yield problems.isEmpty() ? 0 : 1;
      }
      case "db check" -> DatabaseTool.check(database(arguments), System.out) ? 0 : 1;
      case "db repair" -> DatabaseTool.repair(database(arguments), System.out) ? 0 : 1;
      default ->
          throw new UsageException(
              "unknown command \"" + String.join(" ", arguments.words()) + "\"");
    };
  }

  private static Path database(Arguments arguments) {
    return ConfigLoader.load(arguments.flags())
        .root()
        .resolve(PluginTypes.METADATA_DATABASE.name() + ".mapdb");
  }

  /** The command line was wrong. */
  private static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  /** What the command line says. */
  private record Arguments(
      ConfigLoader.Flags flags, List<String> words, boolean help, boolean version) {
    static Arguments parse(List<String> args) {
      @Nullable Path[] paths = new @Nullable Path[4];
      List<String> names = List.of("--config", "--root", "--state", "--address");
      java.util.ArrayList<String> words = new java.util.ArrayList<>();
      boolean help = false;
      boolean version = false;
      for (int i = 0; i < args.size(); i++) {
        String arg = args.get(i);
        int equals = arg.indexOf('=');
        String name = equals < 0 ? arg : arg.substring(0, equals);
        int known = names.indexOf(name);
        if (known >= 0) {
          if (equals < 0 && i + 1 == args.size()) {
            throw new UsageException(name + " needs a value");
          }
          paths[known] = path(name, equals < 0 ? args.get(++i) : arg.substring(equals + 1));
        } else if (arg.equals("--help") || arg.equals("-h")) {
          help = true;
        } else if (arg.equals("--version") || arg.equals("-v")) {
          version = true;
        } else if (arg.startsWith("-")) {
          throw new UsageException("unknown flag " + arg);
        } else {
          words.add(arg);
        }
      }
      return new Arguments(
          new ConfigLoader.Flags(paths[0], paths[1], paths[2], paths[3]), words, help, version);
    }

    private static @Nullable Path path(String name, String value) {
      try {
        if (!value.isEmpty()) {
          return Path.of(value);
        }
      } catch (java.nio.file.InvalidPathException e) {
        throw new InvalidArgumentException(name + ": not a path: " + e.getReason(), e);
      }
      throw new UsageException(name + " needs a value");
    }
  }
}
