package dev.carafe.plugin.credentials.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.HelperProgram;
import dev.carafe.linux.TrustedProgram;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Asks {@code docker-credential-NAME get} (Docker documentation, "Credential helper protocol"): the
 * server on standard input, an object with {@code Username} and {@code Secret} on standard output.
 */
final class CredentialHelper {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final String UNKNOWN = "credentials not found";
  private static final String TOKEN_USER = "<token>";
  private static final int OUTPUT_LIMIT = 64 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HelperProgram programs;
  private final List<Path> directories;
  private final Duration atMost;

  CredentialHelper(HelperProgram programs, List<Path> directories, Duration atMost) {
    this.programs = programs;
    this.directories = List.copyOf(directories);
    this.atMost = atMost;
  }

  /**
   * What a helper has for a server; empty if it says that it has nothing.
   *
   * @throws UnavailableException if it cannot be asked or does not answer as it should; the message
   *     has nothing of its output but what it says when it fails
   */
  Optional<Credentials> get(DockerConfigFile.Helper helper) {
    if (!NAME.matcher(helper.name()).matches()) {
      throw new UnavailableException("a credential helper's name is not of the form " + NAME);
    }
    String label = "credential helper docker-credential-" + helper.name();
    HelperProgram.Result result = run(label, program(helper.name(), label), helper.server());
    if (!result.succeeded()) {
      String said = (result.text() + result.errorText()).toLowerCase(Locale.ROOT);
      if (said.contains(UNKNOWN)) {
        return Optional.empty();
      }
      throw new UnavailableException(
          label + " for " + helper.server() + ": " + how(result) + ": " + line(result));
    }
    JsonNode answer;
    try {
      answer = JSON.readTree(result.output());
    } catch (IOException e) {
      // The parser's message would quote the answer.
      throw new UnavailableException(label + " for " + helper.server() + ": answer is not JSON");
    }
    String user = answer == null ? "" : answer.path("Username").asText("");
    String secret = answer == null ? "" : answer.path("Secret").asText("");
    if (secret.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        user.isEmpty() || user.equals(TOKEN_USER)
            ? new Credentials.RefreshToken(secret)
            : new Credentials.Basic(user, secret));
  }

  private HelperProgram.Result run(String label, Path program, String server) {
    try {
      return programs.run(
          program, List.of("get"), server.getBytes(StandardCharsets.UTF_8), atMost, OUTPUT_LIMIT);
    } catch (TimeoutException e) {
      throw new UnavailableException(
          label + " for " + server + ": no answer in " + atMost.toSeconds() + " s");
    } catch (ErrnoException e) {
      throw new UnavailableException(label + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException(label + ": cancelled", e);
    }
  }

  private Path program(String name, String label) {
    for (Path directory : directories) {
      Path program = directory.resolve("docker-credential-" + name);
      if (Files.isRegularFile(program)) {
        String objection = TrustedProgram.objection(program);
        if (objection != null) {
          throw new UnavailableException(label + ": \"" + program + "\" " + objection);
        }
        return program;
      }
    }
    throw new UnavailableException(label + ": not found in " + directories);
  }

  private static String how(HelperProgram.Result result) {
    return result.exit().signal() != 0
        ? "killed by signal " + result.exit().signal()
        : "exit code " + result.exit().code();
  }

  /** The first line of what it said, readable and short. */
  private static String line(HelperProgram.Result result) {
    String text = result.text().isBlank() ? result.errorText() : result.text();
    String first = text.strip().lines().findFirst().orElse("");
    String clean = first.replaceAll("\\p{Cntrl}", "?");
    return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
  }
}
