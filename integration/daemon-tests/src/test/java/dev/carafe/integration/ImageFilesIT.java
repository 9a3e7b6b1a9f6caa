package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Images in files and directories, as skopeo makes them, pulled like those of a registry. */
@ExtendWith(LeakCheck.class)
class ImageFilesIT {
  private static final List<String> FLAGS = List.of("--src-tls-verify=false");

  /** A layout with two tags, and an archive of each kind. */
  private static Path stock(Lab lab) {
    Path folder = lab.directory("images");
    String busybox = "docker://" + ImageStock.busybox().name();
    String other = "docker://" + ImageStock.eightLayers().name();
    TestRegistry.skopeo(busybox, "oci:" + folder + "/layout:one", FLAGS);
    TestRegistry.skopeo(other, "oci:" + folder + "/layout:two", FLAGS);
    TestRegistry.skopeo(busybox, "oci-archive:" + folder + "/oci.tar:app:v1", FLAGS);
    TestRegistry.skopeo(
        busybox, "docker-archive:" + folder + "/docker.tar:r.example/app:v1", FLAGS);
    return folder;
  }

  private static String configuration(Path folder) {
    return """
    [plugins."dev.carafe.image-source.v1.files"]
    folders = ["%s"]
    """
        .formatted(folder);
  }

  @Test
  void theCommandLinePullsAndRunsThem(Lab lab) {
    // Given
    Path folder = stock(lab);
    Carafe carafe = lab.daemon(configuration(folder)).carafe();
    List<String> locations =
        List.of(
            "oci:" + folder + "/layout:one",
            "oci-archive:" + folder + "/oci.tar",
            "docker-archive:" + folder + "/docker.tar:r.example/app:v1");
    for (int i = 0; i < locations.size(); i++) {
      // When
      carafe.ok("pull", "--quiet", locations.get(i));
      // Then
      assertEquals("hi\n", carafe.ok("run", "--rm", locations.get(i), "c" + i, "echo", "hi"));
    }
    // When
    carafe.ok("pull", "--quiet", "oci:" + folder + "/layout:two", "r.example/two:v1");
    // Then
    assertTrue(carafe.lines("images", "ls", "-q").contains("r.example/two:v1"));
    assertEquals(List.of(), carafe.lines("leases", "ls", "-q"));
    // When
    String several = carafe.run("pull", "--quiet", "oci:" + folder + "/layout").oneLineError();
    // Then
    assertTrue(several.contains("[one, two]"), several);
  }

  @Test
  void whatLiesElsewhereOrLeadsThereIsRefused(Lab lab) throws Exception {
    // Given
    Path folder = stock(lab);
    Path allowed = lab.directory("allowed");
    Files.createSymbolicLink(allowed.resolve("out"), folder.resolve("layout"));
    TestDaemon daemon = lab.daemon(configuration(allowed));
    // When
    String elsewhere =
        daemon.carafe().run("pull", "--quiet", "oci:" + folder + "/layout:one").oneLineError();
    String link =
        daemon.carafe().run("pull", "--quiet", "oci:" + allowed + "/out:one").oneLineError();
    // Then
    assertTrue(elsewhere.contains("below none of the folders"), elsewhere);
    assertTrue(link.contains("leads out"), link);
    StoreFiles.assertEmpty(daemon);
  }

  @Test
  void aPodsImageIsAFileOnlyWhereTheConfigurationSaysSo(Lab lab) {
    // Given
    Path folder = stock(lab);
    String image = "docker-archive:" + folder + "/docker.tar";
    Cri closed = Cri.of(lab, lab.daemon(configuration(folder)));
    // When
    StatusRuntimeException refused =
        assertThrows(StatusRuntimeException.class, () -> closed.pull(image));
    // Then
    assertEquals(Status.Code.PERMISSION_DENIED, refused.getStatus().getCode());
    // When
    Cri open = Cri.of(lab, lab.daemon("[cri]\nimage_files = true\n" + configuration(folder)));
    String id = open.pull(image);
    // Then
    assertEquals(id, open.images(image).getFirst().getId());
    assertEquals(List.of(image), open.images("").getFirst().getRepoTagsList());
    String container = open.create(open.run("p1", 0), "c1", image, "sh", "-c", "exit 7");
    open.start(container);
    assertEquals(7, open.awaitEnd(container).getExitCode());
  }
}
