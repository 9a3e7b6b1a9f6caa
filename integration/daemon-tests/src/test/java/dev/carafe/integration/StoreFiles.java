package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.content.v1.ListContentRequest;
import dev.carafe.api.services.content.v1.ListStatusesRequest;
import dev.carafe.api.services.content.v1.Status;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.images.v1.ListImagesRequest;
import dev.carafe.api.services.leases.v1.Lease;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.leases.v1.ListRequest;
import dev.carafe.api.services.snapshots.v1.ListSnapshotsRequest;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import io.grpc.Channel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a daemon keeps, by its own account and by what is on disk ({@code docs/on-disk-layout.md}).
 */
final class StoreFiles {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private StoreFiles() {}

  /** Nothing is kept: no image, blob, ingest, snapshot, lease; also not on disk. */
  static void assertEmpty(TestDaemon daemon) {
    assertKept(daemon, List.of(), List.of(), List.of());
  }

  /** Exactly these images with their blobs and snapshots (overlayfs) are kept. */
  static void assertOnly(TestDaemon daemon, ImageStock.Stocked... images) {
    List<String> blobs =
        Stream.of(images).flatMap(image -> image.image().blobs().stream()).toList();
    List<String> chain =
        Stream.of(images).flatMap(image -> image.image().chainIds().stream()).toList();
    assertKept(
        daemon, Stream.of(images).map(ImageStock.Stocked::repository).toList(), blobs, chain);
  }

  private static void assertKept(
      TestDaemon daemon, List<String> repositories, List<String> blobs, List<String> chain) {
    Map<String, Object> expected = new TreeMap<>();
    expected.put("images", sorted(repositories));
    expected.put("content", sorted(blobs));
    expected.put("snapshots", sorted(chain));
    expected.put("leases", List.of());
    expected.put("ingests", List.of());
    expected.put(
        "blobs on disk",
        sorted(blobs.stream().map(digest -> digest.substring("sha256:".length())).toList()));
    expected.put("ingests on disk", List.of());
    expected.put("snapshots on disk", sorted(chain).size());
    // Directories go off the request path.
    try {
      Await.until("tidy stores", PATIENCE, () -> kept(daemon).equals(expected));
    } catch (AssertionError e) {
      assertEquals(text(expected), text(kept(daemon)));
    }
  }

  private static String text(Map<String, Object> kept) {
    return kept.entrySet().stream().map(Object::toString).collect(Collectors.joining("\n"));
  }

  private static Map<String, Object> kept(TestDaemon daemon) {
    Channel api = daemon.api().in(daemon.namespace());
    Path content = daemon.root().resolve("io.containerd.content.v1.content");
    Map<String, Object> kept = new TreeMap<>();
    kept.put(
        "images",
        sorted(
            ImagesGrpc.newBlockingStub(api)
                .list(ListImagesRequest.getDefaultInstance())
                .getImagesList()
                .stream()
                .map(image -> repository(image.getName()))
                .toList()));
    List<String> blobs = new ArrayList<>();
    ContentGrpc.newBlockingStub(api)
        .list(ListContentRequest.getDefaultInstance())
        .forEachRemaining(part -> part.getInfoList().forEach(info -> blobs.add(info.getDigest())));
    kept.put("content", sorted(blobs));
    List<String> snapshots = new ArrayList<>();
    SnapshotsGrpc.newBlockingStub(api)
        .list(ListSnapshotsRequest.newBuilder().setSnapshotter("overlayfs").build())
        .forEachRemaining(
            part -> part.getInfoList().forEach(info -> snapshots.add(info.getName())));
    kept.put("snapshots", sorted(snapshots));
    kept.put(
        "leases",
        LeasesGrpc.newBlockingStub(api)
            .list(ListRequest.getDefaultInstance())
            .getLeasesList()
            .stream()
            .map(Lease::getId)
            .toList());
    kept.put(
        "ingests",
        ContentGrpc.newBlockingStub(api)
            .listStatuses(ListStatusesRequest.getDefaultInstance())
            .getStatusesList()
            .stream()
            .map(Status::getRef)
            .toList());
    kept.put("blobs on disk", names(content.resolve("blobs/sha256")));
    kept.put("ingests on disk", names(content.resolve("ingest")));
    kept.put(
        "snapshots on disk",
        names(daemon.root().resolve("io.containerd.snapshotter.v1.overlayfs/snapshots")).size());
    return kept;
  }

  private static String repository(String image) {
    String path = image.substring(image.indexOf('/') + 1);
    int end = path.indexOf(':');
    return end < 0 ? path : path.substring(0, end);
  }

  private static List<String> sorted(List<String> names) {
    return List.copyOf(new TreeSet<>(names));
  }

  private static List<String> names(Path directory) {
    return Files.isDirectory(directory)
        ? sorted(Leaks.list(directory).stream().map(file -> file.getFileName().toString()).toList())
        : List.of();
  }
}
