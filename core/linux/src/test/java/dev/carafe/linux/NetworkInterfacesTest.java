package dev.carafe.linux;

import static dev.carafe.linux.Sandbox.assertErrno;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NetworkInterfacesTest {
  private static final Path OWN = Path.of("/proc/thread-self/ns/net");

  @Test
  void loopbackOfAnotherNamespaceComesUp() {
    try (Fd other =
        Namespaces.inNew(Namespaces.NEWNET, () -> PathCalls.open(OWN, OpenFlags.RDONLY, 0))) {
      assertFalse(NetworkInterfaces.isLoopbackUp(other));

      NetworkInterfaces.loopbackUp(other);
      NetworkInterfaces.loopbackUp(other);

      assertTrue(NetworkInterfaces.isLoopbackUp(other));
    }
  }

  @Test
  void whatIsNoNetworkNamespaceIsRefused() {
    try (Fd mounts = PathCalls.open(Path.of("/proc/self/ns/mnt"), OpenFlags.RDONLY, 0)) {
      assertErrno(Errno.EINVAL, () -> NetworkInterfaces.loopbackUp(mounts));
    }
  }
}
