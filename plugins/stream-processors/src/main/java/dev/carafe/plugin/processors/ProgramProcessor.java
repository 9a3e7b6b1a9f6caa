package dev.carafe.plugin.processors;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.EventLoop;
import dev.carafe.linux.HelperProgram;
import dev.carafe.linux.StreamProgram;
import dev.carafe.linux.TrustedProgram;
import dev.carafe.plugin.processors.ProgramsConfig.Processor;
import dev.carafe.spi.diffs.LayerProcessor;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.spi.plugins.Caller;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Runs the program that accepts a layer's media type, the layer on its standard input. */
final class ProgramProcessor implements LayerProcessor, AutoCloseable {
  private static final String MEDIA_TYPE = "STREAM_PROCESSOR_MEDIATYPE";
  private static final int WATCHED = 4096;

  private final Map<String, Named> byMediaType = new HashMap<>();
  private @Nullable EventLoop loop;
  private boolean closed;

  private record Named(String id, Processor processor) {}

  ProgramProcessor(ProgramsConfig config) {
    config
        .processors()
        .forEach((id, processor) ->
            processor
                .accepts()
                .forEach(mediaType -> byMediaType.put(mediaType, new Named(id, processor))));
  }

  @Override
  public Optional<String> returns(String mediaType) {
    return Optional.ofNullable(byMediaType.get(mediaType))
        .map(named -> named.processor().returns());
  }

  @Override
  public InputStream process(String mediaType, Map<String, byte[]> payloads, InputStream layer) {
    Named named = byMediaType.get(mediaType);
    if (named == null) {
      throw new UnimplementedException("no stream processor accepts \"" + mediaType + "\"");
    }
    Path program = trusted(named);
    List<String> environment = new ArrayList<>(HelperProgram.environment());
    environment.addAll(named.processor().env());
    environment.add(MEDIA_TYPE + "=" + mediaType);
    Caller caller = Caller.current();
    Executor threads =
        body ->
            Thread.ofVirtual().name("stream processor " + named.id()).start(() -> caller.run(body));
    try {
      return StreamProgram.start(
          loop(),
          new StreamProgram.Command(
              program.toString(),
              named.processor().args(),
              environment,
              payloads.getOrDefault(named.id(), new byte[0])),
          layer,
          threads);
    } catch (ErrnoException e) {
      throw new FailedPreconditionException(
          "stream processor \"" + named.id() + "\": " + program + ": " + e.getMessage(), e);
    }
  }

  private static Path trusted(Named named) {
    Path program = find(named);
    String objection = TrustedProgram.objection(program);
    if (objection != null) {
      throw new FailedPreconditionException(
          "stream processor \"" + named.id() + "\": \"" + program + "\" " + objection);
    }
    return program;
  }

  private static Path find(Named named) {
    String path = named.processor().path();
    if (path.contains("/")) {
      return Path.of(path).toAbsolutePath();
    }
    String search = System.getenv().getOrDefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (String directory : search.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory).resolve(path);
      if (candidate.isAbsolute() && Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new NotFoundException(
        "stream processor \"" + named.id() + "\": program \"" + path + "\" not found on the PATH");
  }

  private synchronized EventLoop loop() {
    if (closed) {
      throw new UnavailableException("stream processors are closed");
    }
    EventLoop running = loop;
    if (running == null) {
      running = EventLoop.start("stream-processors", WATCHED);
      loop = running;
    }
    return running;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (loop != null) {
      loop.close();
    }
  }
}
