package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pulls: what is fetched, from whom, how often, and what becomes of those that fail. */
@ExtendWith(LeakCheck.class)
class PullIT {
  private static RegistryProxy proxy(Lab lab) {
    return lab.closeLater(RegistryProxy.start());
  }

  @Test
  void pullShowsEachStepOnALineOfItsOwn(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    List<String> lines = lab.daemon().carafe().lines("pull", image.name());
    String shown = String.join("\n", lines);
    for (Layer layer : image.image().layers()) {
      String name = "layer-" + Digests.sha256(layer.blob()).substring(0, 19);
      assertTrue(shown.contains(name + ": waiting") && shown.contains(name + ": complete"), shown);
    }
    assertEquals(image.name() + ": saved", lines.getLast());
    assertFalse(shown.contains("\033"), shown);
  }

  @Test
  void secondPullFetchesNoBlob(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy proxy = proxy(lab);
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", proxy.name(image));
    long first = proxy.blobBytes();
    // When
    String shown = carafe.ok("pull", proxy.name(image));
    // Then
    assertEquals(first, proxy.blobBytes());
    for (Layer layer : image.image().layers()) {
      String digest = Digests.sha256(layer.blob());
      assertEquals(1, proxy.gets(digest));
      assertTrue(shown.contains("layer-" + digest.substring(0, 19) + ": already exists"), shown);
    }
  }

  @Test
  void tenPullsAtOnceDownloadOnce(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy proxy = proxy(lab).bytesPerSecond(6 << 20);
    TestDaemon daemon = lab.daemon();
    List<Program.Running> pulls = new ArrayList<>();
    // When
    for (int i = 0; i < 10; i++) {
      pulls.add(
          lab.closeLater(daemon.carafe().program("pull", "--quiet", proxy.name(image)).start()));
    }
    pulls.forEach(pull -> pull.await(Program.PATIENCE).ok());
    // Then
    image
        .image()
        .layers()
        .forEach(layer -> assertEquals(1, proxy.gets(Digests.sha256(layer.blob()))));
    assertEquals(8, daemon.carafe().lines("snapshots", "ls", "-q").size());
    assertEquals(List.of(), daemon.carafe().lines("leases", "ls", "-q"));
  }

  @Test
  void imagesThatShareLayersFetchThemOnce(Lab lab) {
    // Given
    List<Layer> shared = ImageStock.randomLayers(3, 300_000, 33);
    ImageStock.Stocked one = ImageStock.pushed("shares-one", () -> TestImage.of(shared));
    List<Layer> more = new ArrayList<>(shared);
    more.add(Layer.of(Entry.file("/own", "of the second")));
    ImageStock.Stocked two = ImageStock.pushed("shares-two", () -> TestImage.of(more));
    RegistryProxy proxy = proxy(lab).bytesPerSecond(1 << 20);
    TestDaemon daemon = lab.daemon();
    // When
    Program.Running first =
        lab.closeLater(daemon.carafe().program("pull", "--quiet", proxy.name(one)).start());
    Program.Running second =
        lab.closeLater(daemon.carafe().program("pull", "--quiet", proxy.name(two)).start());
    first.await(Program.PATIENCE).ok();
    second.await(Program.PATIENCE).ok();
    // Then
    more.forEach(layer -> assertEquals(1, proxy.gets(Digests.sha256(layer.blob()))));
    two.image()
        .files()
        .assertSameAs(
            MountedTree.of(lab, daemon.carafe(), "overlayfs", two.image().chainIds().getLast()));
  }

  @ParameterizedTest
  @EnumSource(
      value = RegistryProxy.Auth.class,
      names = {"BASIC", "BEARER"})
  void registryThatAsksForAPasswordGetsIt(RegistryProxy.Auth auth, Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy proxy = proxy(lab).auth(auth);
    Carafe carafe = lab.daemon().carafe();
    // When
    String refused = carafe.run("pull", "--quiet", proxy.name(image)).oneLineError();
    String wrong =
        carafe
            .run("pull", "--quiet", "--user", RegistryProxy.USER + ":wrong", proxy.name(image))
            .oneLineError();
    Result right =
        carafe.run(
            "pull",
            "--quiet",
            "--user",
            RegistryProxy.USER + ":" + RegistryProxy.PASSWORD,
            proxy.name(image));
    // Then
    right.ok();
    assertTrue(refused.contains(proxy.host()), refused);
    assertTrue(wrong.contains(proxy.host()) && !wrong.contains("wrong\""), wrong);
  }

  @Test
  void passwordDoesNotFollowARedirectToAnotherHost(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy storage = proxy(lab);
    RegistryProxy proxy = proxy(lab).auth(RegistryProxy.Auth.BASIC).redirectBlobs(storage.host());
    Carafe carafe = lab.daemon().carafe();
    // When
    carafe.ok(
        "pull",
        "--quiet",
        "--user",
        RegistryProxy.USER + ":" + RegistryProxy.PASSWORD,
        proxy.name(image));
    // Then
    assertTrue(storage.requests().size() >= 8, () -> storage.requests().toString());
    assertTrue(
        storage.requests().stream().allMatch(request -> request.contains(" null ")),
        () -> storage.requests().toString());
  }

  @Test
  void mirrorOfHostsTomlIsAskedFirst(Lab lab) throws IOException {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy mirror = proxy(lab);
    RegistryProxy origin = proxy(lab);
    Path certs = lab.directory("certs.d");
    Carafe carafe = lab.daemon("[registry]\nconfig_path = \"" + certs + "\"\n").carafe();
    // When
    Path hosts = Files.createDirectory(certs.resolve("registry.example"));
    Files.writeString(
        hosts.resolve("hosts.toml"),
        "server = \"http://%s\"\n[host.\"http://%s\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
            .formatted(origin.host(), mirror.host()));
    carafe.ok("pull", "--quiet", "registry.example/" + image.repository() + ":latest");
    // Then
    assertTrue(
        mirror.requests("ns=registry.example").size() >= 8, () -> mirror.requests().toString());
    assertEquals(List.of(), origin.requests());
  }

  @Test
  void originIsAskedWhereTheMirrorIsDown(Lab lab) throws IOException {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    RegistryProxy gone = RegistryProxy.start();
    String down = gone.host();
    gone.close();
    RegistryProxy origin = proxy(lab);
    Path certs = lab.directory("certs.d");
    Path hosts = Files.createDirectory(certs.resolve("_default"));
    Files.writeString(
        hosts.resolve("hosts.toml"),
        "server = \"http://%s\"\n[host.\"http://%s\"]\n".formatted(origin.host(), down));
    Carafe carafe = lab.daemon("[registry]\nconfig_path = \"" + certs + "\"\n").carafe();
    // When
    carafe.ok("pull", "--quiet", "registry.example/" + image.repository() + ":latest");
    // Then
    image
        .image()
        .layers()
        .forEach(layer -> assertEquals(1, origin.gets(Digests.sha256(layer.blob()))));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void damagedBlobFailsWithOneLineAndLeavesNothing(boolean layer, Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    List<String> blobs = image.image().blobs();
    String damaged = layer ? blobs.getFirst() : blobs.get(blobs.size() - 2);
    RegistryProxy proxy = proxy(lab).damage(damaged);
    TestDaemon daemon = lab.daemon();
    // When
    String error = daemon.carafe().run("pull", "--quiet", proxy.name(image)).oneLineError();
    // Then
    assertTrue(error.contains(damaged), error);
    daemon.carafe().ok("gc");
    StoreFiles.assertEmpty(daemon);
    // When
    proxy.damage("");
    daemon.carafe().ok("pull", "--quiet", proxy.name(image));
    // Then
    StoreFiles.assertOnly(daemon, image);
  }

  @Test
  void imageWhoseConfigurationNamesWrongDiffIdsFails(Lab lab) {
    // Given
    Layer said = Layer.of(Entry.file("/said", "this"));
    Layer sent = Layer.of(Entry.file("/sent", "that"));
    TestImage lying =
        TestImage.of(new Layer(said.entries(), said.archive(), Layer.Compression.GZIP));
    Path layout = lab.directory("layout");
    String manifest = lying.writeLayoutWithLayer(layout, "t", sent);
    String name =
        TestRegistry.shared().copy("oci:" + layout + ":t", "lying", List.of("--preserve-digests"));
    TestDaemon daemon = lab.daemon();
    // When
    String error = daemon.carafe().run("pull", "--quiet", name).oneLineError();
    // Then
    assertTrue(
        error.contains("diff id") && error.contains(Digests.sha256(sent.blob())),
        () -> error + " of " + manifest);
    daemon.carafe().ok("gc");
    StoreFiles.assertEmpty(daemon);
  }

  @Test
  void connectionThatBreaksIsTakenUpWhereItBroke(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    String layer = image.image().blobs().getFirst();
    RegistryProxy proxy = proxy(lab).cutOnce(layer);
    TestDaemon daemon = lab.daemon();
    // When
    daemon.carafe().ok("pull", "--quiet", proxy.name(image));
    // Then
    assertEquals(2, proxy.gets(layer));
    assertTrue(
        proxy.requests(layer).getLast().contains("bytes="), () -> proxy.requests(layer).toString());
    StoreFiles.assertOnly(daemon, image);
  }

  @Test
  void pullThatIsInterruptedGoesOnWhereItStopped(Lab lab) {
    // Given
    ImageStock.Stocked image =
        ImageStock.pushed("big", () -> TestImage.of(ImageStock.randomLayers(1, 4 << 20, 99)));
    String layer = image.image().blobs().getFirst();
    RegistryProxy proxy = proxy(lab).bytesPerSecond(2 << 20);
    TestDaemon daemon = lab.daemon();
    try (Program.Running pull = daemon.carafe().program("pull", proxy.name(image)).start()) {
      Await.until("a quarter is there", () -> proxy.blobBytes() > 1 << 20);
      pull.terminate();
      pull.await(Duration.ofSeconds(10));
    }
    Await.until(
        "the daemon has noticed",
        () -> daemon.carafe().json("leases", "ls", "--format", "json").isEmpty());
    assertEquals(1, daemon.carafe().json("content", "active", "--format", "json").size());
    // When
    proxy.bytesPerSecond(Long.MAX_VALUE);
    daemon.carafe().ok("pull", "--quiet", proxy.name(image));
    // Then
    assertTrue(
        proxy.requests(layer).getLast().contains("bytes="), () -> proxy.requests(layer).toString());
    StoreFiles.assertOnly(daemon, image);
  }

  @Test
  void whatTheRegistryDoesNotHaveIsNotFound(Lab lab) {
    ImageStock.busybox();
    Carafe carafe = lab.daemon().carafe();
    for (String rest :
        List.of(
            "no-such-repository:latest",
            "busybox:no-such-tag",
            "busybox@sha256:" + "0".repeat(64))) {
      String name = TestRegistry.shared().host() + "/" + rest;
      String error = carafe.run("pull", "--quiet", name).oneLineError();
      assertTrue(error.contains(name) && error.contains("not found"), error);
    }
  }

  @Test
  void wrongNamesAreRefusedWithOneLine(Lab lab) {
    Carafe carafe = lab.daemon().carafe();
    for (String name : List.of("", "UPPER/case", "a b", "host:99999/x", "-", "x@sha256:short")) {
      carafe.run("pull", "--quiet", name).oneLineError();
    }
  }

  @Test
  void registryThatIsNotThereIsNamed(Lab lab) {
    RegistryProxy gone = RegistryProxy.start();
    String host = gone.host();
    gone.close();
    String error = lab.daemon().carafe().run("pull", "--quiet", host + "/x:y").oneLineError();
    assertTrue(error.contains(host), error);
  }

  @Test
  void imageByDigestIsPulled(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    String name =
        TestRegistry.shared().host()
            + "/"
            + image.repository()
            + "@"
            + image.image().manifestDigest();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", name);
    assertEquals(name, daemon.carafe().lines("images", "ls", "-q").getFirst());
  }

  @Test
  void contentOnlyPullUnpacksNothing(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", "--no-unpack", image.name());
    assertEquals(List.of(), daemon.carafe().lines("snapshots", "ls", "-q"));
    assertEquals(
        image.image().blobs().stream().sorted().toList(),
        daemon.carafe().lines("content", "ls", "-q").stream().sorted().toList());
    // What is there already is unpacked without being fetched.
    daemon.carafe().ok("pull", "--quiet", image.name());
    StoreFiles.assertOnly(daemon, image);
  }

  @Test
  void removedImageLeavesNothing(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", image.name());
    daemon.carafe().ok("images", "rm", "--sync", image.name());
    StoreFiles.assertEmpty(daemon);
  }

  @Test
  void manyImagesAtOnceArrive(Lab lab) {
    // Given
    List<ImageStock.Stocked> images =
        IntStream.range(0, 6)
            .mapToObj(i ->
                ImageStock.pushed(
                    "many" + i,
                    () -> TestImage.of(ImageStock.randomLayers(4, 20_000 * (i + 1), 500 + i))))
            .toList();
    TestDaemon daemon = lab.daemon();
    // When
    List<Program.Running> pulls =
        images.stream()
            .map(image ->
                lab.closeLater(daemon.carafe().program("pull", "--quiet", image.name()).start()))
            .toList();
    pulls.forEach(pull -> pull.await(Program.PATIENCE).ok());
    // Then
    StoreFiles.assertOnly(daemon, images.toArray(ImageStock.Stocked[]::new));
  }
}
