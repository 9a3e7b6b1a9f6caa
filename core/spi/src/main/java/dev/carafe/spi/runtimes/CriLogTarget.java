package dev.carafe.spi.runtimes;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All output of a task in the log format of CRI, as {@link Stdio#stdout} names it: {@code
 * cri-log:///path}, with {@code stdin=once} or {@code stdin=open} and {@code journal=TAG} in its
 * query.
 *
 * @param path of the file; absolute
 * @param input where the process's standard input comes from
 * @param journal the tag under which output goes to systemd's journal, too; empty for not at all
 */
public record CriLogTarget(Path path, Input input, String journal) {
  private static final String SCHEME = "cri-log";
  private static final String ONCE = "stdin=once";
  private static final String OPEN = "stdin=open";
  private static final String JOURNAL = "journal=";

  public CriLogTarget {
    if (!path.isAbsolute()) {
      throw new InvalidArgumentException("log path \"" + path + "\" is not absolute");
    }
  }

  /** Where standard input comes from. */
  public enum Input {
    /** Nowhere. */
    NONE,
    /** From clients that are attached; it ends with the first of them. */
    ONCE,
    /** From clients that are attached; it never ends. */
    OPEN
  }

  /**
   * What the names ask for; empty if they are anything else than such a log.
   *
   * @throws InvalidArgumentException if the log's name is wrong, or another stream has a place of
   *     its own
   */
  public static Optional<CriLogTarget> of(Stdio stdio) {
    if (!stdio.stdout().startsWith(SCHEME + "://")) {
      return Optional.empty();
    }
    if (!stdio.stdin().isEmpty()
        || !stdio.stderr().isEmpty() && !stdio.stderr().equals(stdio.stdout())) {
      throw new InvalidArgumentException(
          "stdio: with a log in CRI's format all streams are the log's");
    }
    try {
      URI uri = new URI(stdio.stdout());
      String path = uri.getPath();
      if (uri.getAuthority() != null
          || path == null
          || !path.startsWith("/")
          || path.endsWith("/")
          || path.indexOf(0) >= 0) {
        throw new InvalidArgumentException("stdio \"" + uri + "\": path is not absolute");
      }
      return Optional.of(of(uri, Path.of(path)));
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("stdio \"" + stdio.stdout() + "\": " + e.getMessage(), e);
    }
  }

  private static CriLogTarget of(URI uri, Path path) {
    Input input = Input.NONE;
    String journal = "";
    String query = uri.getQuery() == null ? "" : uri.getQuery();
    for (String part : query.isEmpty() ? new String[0] : query.split("&", -1)) {
      if (part.startsWith(JOURNAL) && part.length() > JOURNAL.length()) {
        journal = tag(uri, part.substring(JOURNAL.length()));
      } else {
        input =
            switch (part) {
              case ONCE -> Input.ONCE;
              case OPEN -> Input.OPEN;
              default ->
                  throw new InvalidArgumentException(
                      "stdio \"" + uri + "\": not " + ONCE + ", " + OPEN + " or journal=TAG");
            };
      }
    }
    return new CriLogTarget(path, input, journal);
  }

  private static String tag(URI uri, String encoded) {
    try {
      return URLDecoder.decode(encoded, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new InvalidArgumentException("stdio \"" + uri + "\": " + e.getMessage(), e);
    }
  }

  /** The names that ask for this. */
  public Stdio stdio(boolean terminal) {
    List<String> query = new ArrayList<>();
    switch (input) {
      case NONE -> {}
      case ONCE -> query.add(ONCE);
      case OPEN -> query.add(OPEN);
    }
    if (!journal.isEmpty()) {
      query.add(JOURNAL + URLEncoder.encode(journal, StandardCharsets.UTF_8));
    }
    try {
      String asked = query.isEmpty() ? null : String.join("&", query);
      String name = new URI(SCHEME, "", path.toString(), asked, null).toString();
      return new Stdio("", name, "", terminal);
    } catch (URISyntaxException e) {
      throw new InvalidArgumentException("log path \"" + path + "\": " + e.getMessage(), e);
    }
  }
}
