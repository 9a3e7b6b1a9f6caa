package dev.carafe.plugin.verifier.bindir;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.HelperProgram;
import dev.carafe.linux.TrustedProgram;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.plugins.Reloadable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs every program of the directory in the order of their names; the first refusal counts. */
final class BindirVerifier implements ImageVerifier, Reloadable<BindirConfig>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BindirVerifier.class);
  private static final String DESCRIPTOR = "application/vnd.oci.descriptor.v1+json";
  private static final int OUTPUT_LIMIT = 16 * 1024;
  private static final int ENTRIES_LIMIT = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HelperProgram programs = new HelperProgram();
  private volatile BindirConfig config;

  BindirVerifier(BindirConfig config) {
    this.config = config;
  }

  @Override
  public Verdict verify(ImageLocation name, Descriptor target) {
    BindirConfig current = config;
    List<Path> all = entries(current.binDir());
    if (all.isEmpty()) {
      return new Verdict(true, "no verifiers in " + current.binDir());
    }
    int count =
        current.maxVerifiers() < 0 ? all.size() : Math.min(all.size(), current.maxVerifiers());
    if (count < all.size()) {
      log.warn(
          "{} has {} verifiers; the last {} are not run, as max_verifiers is {}",
          current.binDir(),
          all.size(),
          all.size() - count,
          current.maxVerifiers());
    }
    List<String> reasons = new ArrayList<>();
    for (Path program : all.subList(0, count)) {
      HelperProgram.Result result = run(program, name, target, current.perVerifierTimeout());
      String said = program.getFileName() + ": " + result.text().strip();
      if (!result.succeeded()) {
        return new Verdict(false, said + " (" + how(result) + ")");
      }
      reasons.add(said);
    }
    return new Verdict(true, String.join(", ", reasons));
  }

  private HelperProgram.Result run(
      Path program, ImageLocation name, Descriptor target, Duration atMost) {
    String objection = TrustedProgram.objection(program);
    if (objection != null) {
      throw new FailedPreconditionException("\"" + program + "\" " + objection);
    }
    List<String> arguments =
        List.of(
            "-name",
            name.toString(),
            "-digest",
            target.digest().toString(),
            "-stdin-media-type",
            DESCRIPTOR);
    try {
      HelperProgram.Result result =
          programs.run(program, arguments, json(target), atMost, OUTPUT_LIMIT);
      result.errorText().lines().forEach(line -> log.debug("{}: {}", program, line));
      return result;
    } catch (TimeoutException e) {
      throw new DeadlineExceededException(
          "\"" + program + "\": no verdict in " + atMost.toMillis() + " ms", e);
    } catch (ErrnoException e) {
      throw new FailedPreconditionException(
          "\"" + program + "\" cannot be run: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("\"" + program + "\": cancelled", e);
    }
  }

  private static byte[] json(Descriptor target) {
    ObjectNode descriptor = JSON.createObjectNode();
    descriptor.put("mediaType", target.mediaType());
    descriptor.put("digest", target.digest().toString());
    descriptor.put("size", target.size());
    if (!target.annotations().isEmpty()) {
      ObjectNode annotations = descriptor.putObject("annotations");
      target.annotations().forEach(annotations::put);
    }
    byte[] bytes = descriptor.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > HelperProgram.INPUT_LIMIT) {
      throw new FailedPreconditionException(
          "descriptor of " + target.digest() + " is larger than " + HelperProgram.INPUT_LIMIT);
    }
    return bytes;
  }

  private static List<Path> entries(Path directory) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      for (Path entry : found) {
        if (entries.size() == ENTRIES_LIMIT) {
          throw new FailedPreconditionException(
              directory + " has more than " + ENTRIES_LIMIT + " entries");
        }
        entries.add(entry);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new FailedPreconditionException(directory + ": cannot be listed: " + e, e);
    }
    entries.sort(null);
    return entries;
  }

  private static String how(HelperProgram.Result result) {
    return result.exit().signal() != 0
        ? "killed by signal " + result.exit().signal()
        : "exit code " + result.exit().code();
  }

  @Override
  public void reload(BindirConfig next) {
    config = next;
  }

  @Override
  public void close() {
    programs.close();
  }
}
