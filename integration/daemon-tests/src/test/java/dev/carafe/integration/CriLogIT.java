package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.cri.v1.ReopenContainerLogRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Containers' output where a kubelet looks for it, and where a log driver brings it. */
@ExtendWith(LeakCheck.class)
class CriLogIT {
  private static Cri withTee(Lab lab, Path copies) {
    return Cri.of(
        lab,
        lab.newDaemon()
            .config(
                """
                [cri]
                log_driver = "tee"
                [plugins."dev.carafe.log-driver.v1.tee"]
                directory = "%s"
                """
                    .formatted(copies))
            .start());
  }

  private static void rotate(Cri cri, String container, Path log, int number) throws IOException {
    Files.move(log, log.resolveSibling("0.log." + number));
    reopen(cri, container);
  }

  private static void reopen(Cri cri, String container) {
    cri.runtime()
        .reopenContainerLog(
            ReopenContainerLogRequest.newBuilder().setContainerId(container).build());
  }

  /** Whole lines of standard output in all files of a directory whose names begin so. */
  private static List<String> lines(Path directory, String beginning) throws IOException {
    List<String> lines = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    for (Path file : files(directory, beginning)) {
      for (String line : Files.readAllLines(file)) {
        String[] parts = line.split(" ", 4);
        if (parts[1].equals("stdout")) {
          piece.append(parts[3]);
          if (parts[2].equals("F")) {
            lines.add(piece.toString());
            piece.setLength(0);
          }
        }
      }
    }
    return lines;
  }

  /** The oldest first. */
  private static List<Path> files(Path directory, String beginning) throws IOException {
    try (Stream<Path> found = Files.walk(directory)) {
      return found
          .filter(Files::isRegularFile)
          .filter(path -> path.getFileName().toString().startsWith(beginning))
          .sorted(
              Comparator.comparing((Path path) -> path.toString().endsWith(".log"))
                  .thenComparing(Path::toString))
          .toList();
    }
  }

  @Test
  void noLineIsLostOrRepeatedByRotationUnderLoadAndAKillOfTheDaemon(Lab lab) throws Exception {
    Path copies = lab.directory("copies");
    Cri cri = withTee(lab, copies);
    String container =
        cri.running(
            "i=0; while [ ! -e /go ]; do echo line $i; i=$((i+1));"
                + " [ $((i % 200)) = 0 ] && sleep 0.01; done; exit 0");
    Path log = Path.of(cri.status(container).getLogPath());
    Await.until("the first lines", () -> Files.exists(log) && Files.size(log) > 0);

    // When
    rotate(cri, container, log, 1);
    rotate(cri, container, log, 2);
    Await.until("the copy's first lines", () -> !lines(copies, "c1-0-").isEmpty());
    cri.daemon().kill();
    Files.move(log, log.resolveSibling("0.log.3"));
    cri.daemon().start();
    reopen(cri, container);
    rotate(cri, container, log, 4);
    cri.daemon().kill();
    cri.daemon().start();
    cri.exec(container, 10, "touch", "/go");
    assertEquals(0, cri.awaitEnd(container).getExitCode());

    // Then
    List<String> logged = lines(log.getParent(), "0.log");
    assertEquals(IntStream.range(0, logged.size()).mapToObj(i -> "line " + i).toList(), logged);
    Await.until("the whole copy", () -> lines(copies, "c1-0-").size() >= logged.size());
    assertEquals(logged, lines(copies, "c1-0-"));
    Await.until("the end of the copy", () -> files(copies, ".c1-0-").isEmpty());
  }

  @Test
  void anOtherDriverIsOfAHandlersPodsOnly(Lab lab) throws Exception {
    Path copies = lab.directory("copies");
    Cri cri =
        Cri.of(
            lab,
            lab.newDaemon()
                .config(
                    """
                    [cri.handlers.other]
                    log_driver = "tee"
                    [runtimes.other]
                    binary = "runc"
                    [plugins."dev.carafe.log-driver.v1.tee"]
                    directory = "%s"
                    """
                        .formatted(copies))
                .start());
    String image = cri.pull();

    // When
    String plain = cri.create(cri.run("plain", 0), "c1", image, "echo", "plain");
    String other = cri.create(cri.runIn("other", "other"), "c1", image, "echo", "other");
    for (String container : List.of(plain, other)) {
      cri.start(container);
      cri.awaitEnd(container);
    }

    // Then
    Await.until("the copy", () -> lines(copies, "c1-0-").equals(List.of("other")));
    for (String container : List.of(plain, other)) {
      Path log = Path.of(cri.status(container).getLogPath());
      assertEquals(1, lines(log.getParent(), "0.log").size());
    }
  }
}
