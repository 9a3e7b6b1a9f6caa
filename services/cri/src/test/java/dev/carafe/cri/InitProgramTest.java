package dev.carafe.cri;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.carafe.spi.errors.UnimplementedException;
import dev.carafe.testkit.runtimes.Await;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class InitProgramTest {
  private static final int SIGCHLD = 17;

  @Test
  void itIgnoresSigchldAndWaits(@TempDir Path rootfs) throws Exception {
    assumeTrue(
        List.of("amd64", "aarch64").contains(System.getProperty("os.arch")),
        "a machine that the program is for");
    // Given
    InitProgram.install(rootfs);
    InitProgram.install(rootfs);

    // When
    Process process = new ProcessBuilder(rootfs + InitProgram.PATH).start();
    try {
      Path proc = Path.of("/proc", Long.toString(process.pid()));
      Await.until("the wait", () -> state(proc).startsWith("S") && isIgnored(proc, SIGCHLD));

      // Then
      assertEquals("init\n", Files.readString(proc.resolve("comm")));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static String field(Path proc, String name) throws Exception {
    return Files.readAllLines(proc.resolve("status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse("");
  }

  private static String state(Path proc) throws Exception {
    return field(proc, "State");
  }

  private static boolean isIgnored(Path proc, int signal) throws Exception {
    String mask = field(proc, "SigIgn");
    return (Long.parseUnsignedLong(mask, 16) >> (signal - 1) & 1) == 1;
  }

  @Test
  void theFileIsForTheMachine() {
    for (String architecture : List.of("amd64", "aarch64")) {
      ByteBuffer elf =
          ByteBuffer.wrap(InitProgram.elf(architecture)).order(ByteOrder.LITTLE_ENDIAN);
      assertArrayEquals(
          new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}, Arrays.copyOf(elf.array(), 8));
      assertEquals(architecture.equals("amd64") ? 62 : 183, elf.getShort(18));
      assertEquals(elf.capacity(), elf.getLong(64 + 32));
      // The code refers to what follows it: SIG_IGN.
      assertEquals(1, elf.getLong(elf.capacity() - 32));
      assertEquals(0, (elf.capacity() - 32) % 8);
    }
    assertThrows(UnimplementedException.class, () -> InitProgram.elf("s390x"));
  }
}
