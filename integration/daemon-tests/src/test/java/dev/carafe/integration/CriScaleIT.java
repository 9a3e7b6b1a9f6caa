package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.cri.v1.Container;
import dev.carafe.api.cri.v1.ContainerState;
import dev.carafe.api.cri.v1.ListContainersRequest;
import dev.carafe.api.cri.v1.ListPodSandboxRequest;
import dev.carafe.api.cri.v1.PodSandbox;
import dev.carafe.api.cri.v1.PodSandboxState;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Many pods, and a daemon that is killed. With {@code -Dcarafe.pods=100} it is the measurement of
 * docs/flows/run-pod.md: the time is printed, and nothing depends on it.
 */
@ExtendWith(LeakCheck.class)
class CriScaleIT {
  private static final int PODS = Integer.getInteger("carafe.pods", 30);

  private static Map<String, ContainerState> containers(Cri cri) {
    return cri
        .runtime()
        .listContainers(ListContainersRequest.getDefaultInstance())
        .getContainersList()
        .stream()
        .collect(Collectors.toMap(Container::getId, Container::getState));
  }

  private static Map<String, PodSandboxState> pods(Cri cri) {
    return cri
        .runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList()
        .stream()
        .collect(Collectors.toMap(PodSandbox::getId, PodSandbox::getState));
  }

  private static Optional<Duration> cpu(Cri cri) {
    return ProcessHandle.of(cri.daemon().pid()).flatMap(of -> of.info().totalCpuDuration());
  }

  @Test
  void allPodsAreThereWithTheFirstAnswerAfterAKillAndCanBeUsedAndRemoved(Lab lab) {
    Cri cri = Cri.of(lab);
    String image = cri.pull();
    Map<String, String> running = new HashMap<>();
    for (int i = 0; i < PODS; i++) {
      String pod = cri.run("p" + i, 0);
      String container = cri.create(pod, "c1", image, "sleep", "100000");
      cri.start(container);
      running.put(container, pod);
    }
    String ended = running.keySet().iterator().next();

    // When
    cri.daemon().kill();
    long start = System.nanoTime();
    cri.daemon().start();
    Map<String, PodSandboxState> pods = pods(cri);
    Map<String, ContainerState> containers = containers(cri);
    long millis = (System.nanoTime() - start) / 1_000_000;
    System.out.println(
        PODS + " pods: listed " + millis + " ms after the start, CPU " + cpu(cri).orElse(null));
    cri.daemon()
        .log()
        .lines()
        .filter(line -> line.contains("serving"))
        .forEach(System.out::println);

    // Then
    assertEquals(new HashSet<>(running.values()), pods.keySet());
    assertEquals(Set.of(PodSandboxState.SANDBOX_READY), new HashSet<>(pods.values()));
    assertEquals(running.keySet(), containers.keySet());
    assertEquals(Set.of(ContainerState.CONTAINER_RUNNING), new HashSet<>(containers.values()));
    for (String container : running.keySet()) {
      assertEquals("up\n", cri.exec(container, 30, "echo", "up").getStdout().toStringUtf8());
    }
    cri.stop(ended, 0);
    assertEquals(137, cri.awaitEnd(ended).getExitCode());
    running.values().forEach(cri::removePod);
    assertTrue(pods(cri).isEmpty() && containers(cri).isEmpty());
  }
}
