package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.api.cri.v1.ContainerConfig;
import dev.carafe.api.cri.v1.ImageSpec;
import dev.carafe.api.cri.v1.Mount;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Volumes that are images. */
@ExtendWith(LeakCheck.class)
class CriVolumeIT {
  private static ContainerConfig with(String image, String subPath, boolean readOnly) {
    return Cri.config("c1", image, "sleep", "1000")
        .addMounts(
            Mount.newBuilder()
                .setContainerPath("/volume")
                .setReadonly(readOnly)
                .setImage(ImageSpec.newBuilder().setImage(image))
                .setImageSubPath(subPath))
        .build();
  }

  private static int code(Cri cri, String container, String script) {
    return cri.exec(container, 10, "sh", "-c", script).getExitCode();
  }

  @Test
  void anImageIsAVolumeThatCanBeReadAndRunAndNotWritten(Lab lab) {
    Cri cri = Cri.of(lab);
    String image = cri.pull();
    String container = cri.create(cri.run("p1", 0), with(image, "", true));

    // When
    cri.start(container);

    // Then
    assertEquals(0, code(cri, container, "/volume/bin/busybox true"));
    assertEquals(1, code(cri, container, "touch /volume/bin/x"));
    assertEquals(image, cri.status(container).getMounts(0).getImage().getImageRef());
    cri.remove(container);
  }

  @Test
  void aSubPathIsResolvedInTheImage(Lab lab) {
    Cri cri = Cri.of(lab);
    String image = cri.pull();
    String pod = cri.run("p1", 0);
    String container = cri.create(pod, with(image, "bin", true));
    cri.start(container);
    assertEquals(0, code(cri, container, "/volume/busybox true"));
    cri.remove(container);

    // Then
    for (String path : new String[] {"../etc", "/etc", "nothing/there", "bin/../.."}) {
      StatusRuntimeException refused =
          assertThrows(
              StatusRuntimeException.class, () -> cri.create(pod, with(image, path, true)), path);
      assertEquals(Status.Code.INVALID_ARGUMENT, refused.getStatus().getCode(), path);
    }
    StatusRuntimeException writable =
        assertThrows(StatusRuntimeException.class, () -> cri.create(pod, with(image, "", false)));
    assertEquals(Status.Code.INVALID_ARGUMENT, writable.getStatus().getCode());
  }
}
