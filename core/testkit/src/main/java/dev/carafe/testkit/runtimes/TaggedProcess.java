package dev.carafe.testkit.runtimes;

import dev.carafe.linux.Errno;
import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.ProcessCalls;
import dev.carafe.linux.ProcessStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that was started for a bundle, as its environment tells. */
public record TaggedProcess(long pid) {
  private static final int LONGEST_ENVIRONMENT = 256 << 10;

  /** All that run and have a variable whose value is the bundle's path. */
  public static List<TaggedProcess> of(Path bundle) throws IOException {
    List<TaggedProcess> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        var tagged = new TaggedProcess(Long.parseLong(process.getFileName().toString()));
        if (environment(process).contains("=" + bundle + "\0") && tagged.isAlive()) {
          found.add(tagged);
        }
      }
    }
    return found;
  }

  private static String environment(Path process) {
    try (var in = Files.newInputStream(process.resolve("environ"))) {
      return new String(in.readNBytes(LONGEST_ENVIRONMENT), StandardCharsets.UTF_8);
    } catch (IOException _) {
      return "";
    }
  }

  public boolean isAlive() {
    return ProcessStat.of(pid).filter(stat -> !stat.isZombie()).isPresent();
  }

  /** That it is gone is no failure. */
  public void signal(int signal) {
    try {
      ProcessCalls.kill(pid, signal);
    } catch (ErrnoException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    }
  }
}
