package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pushes: what arrives at a registry, and what others think of it. */
@ExtendWith(LeakCheck.class)
class PushIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static JsonNode raw(String name) {
    String text =
        Program.of(
                Setup.tool("skopeo"),
                List.of("inspect", "--raw", "--tls-verify=false", "docker://" + name))
            .run()
            .ok();
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static String digest(String name) {
    return Program.of(
            Setup.tool("skopeo"),
            List.of(
                "inspect",
                "--no-tags",
                "--tls-verify=false",
                "--format",
                "{{.Digest}}",
                "docker://" + name))
        .run()
        .ok()
        .strip();
  }

  private static String at(String repository) {
    return TestRegistry.shared().host() + "/" + repository;
  }

  @Test
  void whatIsPushedIsWhatWasPulled(Lab lab) {
    // Given
    ImageStock.Stocked image = ImageStock.eightLayers();
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", image.name());
    // When
    List<String> lines = carafe.lines("push", image.name(), at("pushed/again:1"));
    // Then
    assertEquals(image.image().manifestDigest(), digest(at("pushed/again:1")));
    assertEquals(image.name() + ": pushed content", lines.getLast());
    assertEquals(List.of(), carafe.lines("leases", "ls", "-q"));
    TestRegistry.skopeo(
        "docker://" + at("pushed/again:1"),
        "dir:" + lab.directory("copied"),
        List.of("--src-tls-verify=false"));
  }

  @Test
  void anImageThatTheRegistryNeverHadIsSent(Lab lab) {
    // Given
    TestImage image = TestImage.of(ImageStock.randomLayers(3, 700_000, 771));
    Path layout = lab.directory("layout");
    image.writeLayout(layout, "t");
    Path archive = lab.work().resolve("new.tar");
    TestRegistry.skopeo("oci:" + layout + ":t", "oci-archive:" + archive + ":new", List.of());
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("import", "--quiet", "--base-name", at("never/seen"), archive.toString());
    // When
    carafe.ok("push", "--quiet", at("never/seen:new"));
    // Then
    assertEquals(image.manifestDigest(), digest(at("never/seen:new")));
    for (Layer layer : image.layers()) {
      String blob = Digests.sha256(layer.blob());
      assertTrue(Files.exists(TestRegistry.shared().blobFile(blob)), blob);
    }
  }

  @Test
  void anIndexIsPushedWholeOrOnePlatformOfIt(Lab lab) {
    // Given
    TestImage one = TestImage.of(ImageStock.randomLayers(1, 10_000, 41)).on("amd64");
    TestImage other = TestImage.of(ImageStock.randomLayers(1, 10_000, 42)).on("arm64");
    String name = TestRegistry.shared().pushIndex(List.of(one, other), "push-index");
    Carafe carafe = lab.daemon().carafe();
    carafe.ok("pull", "--quiet", "--all-platforms", "--no-unpack", name);
    // When
    carafe.ok("push", "--quiet", name, at("pushed/index:all"));
    carafe.ok("push", "--quiet", "--platform", "linux/arm64", name, at("pushed/index:arm"));
    // Then
    assertEquals(2, raw(at("pushed/index:all")).path("manifests").size());
    assertEquals(other.manifestDigest(), digest(at("pushed/index:arm")));
  }

  @Test
  void whatIsMissingIsSaidInOneLine(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    Carafe carafe = lab.daemon().carafe();
    String unknown = carafe.run("push", "--quiet", "no.such/image:1").oneLineError();
    assertTrue(unknown.contains("no.such/image:1") && unknown.contains("not found"), unknown);
    carafe.ok("pull", "--quiet", "--no-unpack", image.name());
    RegistryProxy gone = RegistryProxy.start();
    String host = gone.host();
    gone.close();
    String nobody = carafe.run("push", "--quiet", image.name(), host + "/x:1").oneLineError();
    assertTrue(nobody.contains(host), nobody);
    carafe.ok("content", "rm", image.image().blobs().getFirst());
    String gap = carafe.run("push", "--quiet", image.name(), at("pushed/gap:1")).oneLineError();
    assertTrue(gap.contains(image.image().blobs().getFirst()), gap);
  }

  @Test
  void containerdsClientsPush(Lab lab) {
    ImageStock.Stocked image = ImageStock.eightLayers();
    TestDaemon daemon = lab.daemon();
    daemon.carafe().ok("pull", "--quiet", image.name());
    int count = 0;
    for (CtrProgram ctr : CtrProgram.all(daemon)) {
      for (List<String> way : ctr.ways()) {
        String name = at("pushed/by-ctr" + count++ + ":1");
        ctr.ok(
            CtrProgram.words(List.of("images", "push", "--plain-http"), way, name, image.name()));
        assertEquals(image.image().manifestDigest(), digest(name));
      }
    }
  }
}
