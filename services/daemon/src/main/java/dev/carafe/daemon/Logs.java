package dev.carafe.daemon;

import dev.carafe.host.config.DaemonConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Logging to standard error, as text or as one JSON object a line. */
final class Logs {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Loggers with a level of their own: the log manager alone would forget them. */
  private static final List<Logger> KEPT = new CopyOnWriteArrayList<>();

  private Logs() {}

  static void configure(DaemonConfig.Debug debug) {
    Level level =
        switch (debug.level()) {
          case TRACE -> Level.FINEST;
          case DEBUG -> Level.FINE;
          case INFO -> Level.INFO;
          case WARN -> Level.WARNING;
          case ERROR -> Level.SEVERE;
        };
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    ConsoleHandler console = new ConsoleHandler();
    console.setLevel(level);
    console.setFormatter(
        debug.format() == DaemonConfig.Debug.Format.JSON ? new Json() : new Text());
    root.addHandler(console);
    root.setLevel(Level.INFO);
    level("io.netty", Level.WARNING);
    // grpc sets TCP options on Unix sockets, too, and netty says so each time.
    level("io.netty.bootstrap", Level.SEVERE);
    level("io.grpc", Level.WARNING);
    Logger.getLogger("org.pf4j").setLevel(Level.WARNING);
    level("dev.carafe", level);
  }

  private static void level(String name, Level level) {
    Logger logger = Logger.getLogger(name);
    logger.setLevel(level);
    KEPT.add(logger);
  }

  private static String level(LogRecord record) {
    int value = record.getLevel().intValue();
    return value >= Level.SEVERE.intValue()
        ? "error"
        : value >= Level.WARNING.intValue()
            ? "warn"
            : value >= Level.INFO.intValue()
                ? "info"
                : value >= Level.FINE.intValue() ? "debug" : "trace";
  }

  private static String stack(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static final class Text extends Formatter {
    @Override
    public String format(LogRecord record) {
      String name = String.valueOf(record.getLoggerName());
      String line =
          TIME.format(record.getInstant())
              + " "
              + level(record)
              + " "
              + name.substring(name.lastIndexOf('.') + 1)
              + ": "
              + formatMessage(record).replace('\n', ' ')
              + "\n";
      return record.getThrown() == null ? line : line + stack(record.getThrown());
    }
  }

  private static final class Json extends Formatter {
    @Override
    public String format(LogRecord record) {
      StringBuilder line = new StringBuilder("{");
      field(
          line,
          "time",
          DateTimeFormatter.ISO_INSTANT.format(Instant.ofEpochMilli(record.getMillis())));
      field(line.append(','), "level", level(record));
      field(line.append(','), "logger", String.valueOf(record.getLoggerName()));
      field(line.append(','), "msg", formatMessage(record));
      if (record.getThrown() != null) {
        field(line.append(','), "error", stack(record.getThrown()));
      }
      return line.append("}\n").toString();
    }

    private static void field(StringBuilder line, String name, String value) {
      line.append('"').append(name).append("\":\"");
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        switch (c) {
          case '"', '\\' -> line.append('\\').append(c);
          case '\n' -> line.append("\\n");
          case '\t' -> line.append("\\t");
          default -> {
            if (c < 0x20) {
              line.append(String.format("\\u%04x", (int) c));
            } else {
              line.append(c);
            }
          }
        }
      }
      line.append('"');
    }
  }
}
