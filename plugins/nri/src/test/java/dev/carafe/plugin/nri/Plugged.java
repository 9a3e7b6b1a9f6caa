package dev.carafe.plugin.nri;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.CreateContainerResponse;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.oci.Json;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.pods.AdjustedContainer;
import dev.carafe.spi.pods.ContainerFacts;
import dev.carafe.spi.pods.PodFacts;
import dev.carafe.spi.pods.PodHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon's side with pods of the test's, and plugins that are the test's own. */
@Timeout(120)
abstract class Plugged {
  static final Duration PATIENT = Duration.ofSeconds(30);
  static final Duration IMPATIENT = Duration.ofSeconds(2);
  static final PodFacts POD = Facts.pod(Map.of());

  @TempDir Path directory;
  final List<AutoCloseable> open = new ArrayList<>();
  final Host host = new Host();

  /** Pods as the test has them. */
  static final class Host implements PodHost {
    final List<ContainerFacts> containers = new CopyOnWriteArrayList<>();
    final Map<String, String> updates = new ConcurrentHashMap<>();
    final List<String> evictions = new CopyOnWriteArrayList<>();
    final Set<String> unknown = ConcurrentHashMap.newKeySet();

    @Override
    public Everything everything() {
      return new Everything(List.of(POD), List.copyOf(containers));
    }

    @Override
    public void update(String containerId, byte[] resources) {
      if (unknown.contains(containerId)) {
        throw new NotFoundException("container " + containerId + ": not found");
      }
      updates.put(containerId, new String(resources, UTF_8));
    }

    @Override
    public void evict(String containerId, String reason) {
      evictions.add(containerId + ": " + reason);
    }
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  Path socket() {
    return directory.resolve("nri.sock");
  }

  NriConfig config(Duration registration, Duration request) {
    return new NriConfig(
        false,
        socket().toString(),
        false,
        directory.resolve("plugins").toString(),
        directory.resolve("conf.d").toString(),
        registration,
        request,
        NriConfig.Validator.DEFAULT);
  }

  Nri nri(NriConfig config) {
    Nri nri = new Nri(config, directory);
    open.add(nri);
    nri.attach(host);
    return nri;
  }

  Nri patient() {
    Nri nri = nri(config(PATIENT, PATIENT));
    await(() -> Files.exists(socket()));
    return nri;
  }

  static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("did not come about");
      }
      LockSupport.parkNanos(10_000_000);
    }
  }

  FakePlugin plugin() throws IOException {
    FakePlugin plugin = FakePlugin.at(socket());
    open.add(plugin);
    return plugin;
  }

  FakePlugin taking(FakePlugin plugin, String index, String name) throws Exception {
    plugin.start().register(index, name).awaitSynchronized();
    return plugin;
  }

  static CreateContainerResponse adding(String variable, String value) {
    return CreateContainerResponse.newBuilder()
        .setAdjust(
            ContainerAdjustment.newBuilder()
                .addEnv(KeyValue.newBuilder().setKey(variable).setValue(value)))
        .build();
  }

  static List<String> env(AdjustedContainer container) {
    return Json.object("spec", container.spec()).object("process").texts("env");
  }

  static CompletableFuture<AdjustedContainer> creating(Nri nri, String id) {
    var result = new CompletableFuture<AdjustedContainer>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(nri.containerCreating(POD, Facts.container(id)));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
