package dev.carafe.cri;

import dev.carafe.spi.errors.UnimplementedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * The program of the first process of a pod's process namespace: ignores SIGCHLD, so that the
 * kernel reaps whatever is orphaned there, and waits for ever. Some forty bytes of machine code in
 * a static ELF file, so that it needs no image and nothing of the host's.
 */
final class InitProgram {
  /** Its path in its root file system. */
  static final String PATH = "/init";

  private static final int HEADERS = 64 + 56;
  private static final long ADDRESS = 0x400000;

  /** The kernel's {@code struct sigaction} with SIG_IGN. */
  private static final long[] IGNORE = {1, 0, 0, 0};

  private static final int[] X86_64 = {
    0xb8, 13, 0, 0, 0, // mov eax, rt_sigaction
    0xbf, 17, 0, 0, 0, // mov edi, SIGCHLD
    0x48, 0x8d, 0x35, 23, 0, 0, 0, // lea rsi, [rip + 23]: after the code
    0x31, 0xd2, // xor edx, edx
    0x41, 0xba, 8, 0, 0, 0, // mov r10d, 8
    0x0f, 0x05, // syscall
    0xb8, 34, 0, 0, 0, // mov eax, pause
    0x0f, 0x05, // syscall
    0xeb, 0xf7, // jmp to the third last instruction
    0x90, 0x90, 0x90, 0x90, // nop
  };

  private static final int[] AARCH64 = {
    0xd28010c8, // mov x8, rt_sigaction
    0xd2800220, // mov x0, SIGCHLD
    0x10000181, // adr x1, 48 on: after the code
    0xd2800002, // mov x2, 0
    0xd2800103, // mov x3, 8
    0xd4000001, // svc 0
    0xd2800928, // mov x8, ppoll
    0xd2800000, // mov x0, 0
    0xd2800001, // mov x1, 0
    0xd2800002, // mov x2, 0
    0xd2800003, // mov x3, 0
    0xd4000001, // svc 0
    0x17fffffa, // b six instructions back
    0xd503201f, // nop
  };

  private InitProgram() {}

  /** The file for a machine, by {@code os.arch}. */
  static byte[] elf(String architecture) {
    return switch (architecture) {
      case "amd64" -> {
        var code = ByteBuffer.allocate(X86_64.length);
        for (int octet : X86_64) {
          code.put((byte) octet);
        }
        yield elf(62, code.array());
      }
      case "aarch64" -> {
        var code = ByteBuffer.allocate(4 * AARCH64.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int instruction : AARCH64) {
          code.putInt(instruction);
        }
        yield elf(183, code.array());
      }
      default ->
          throw new UnimplementedException(
              "a pod's process namespace on " + architecture + " needs a pause_image");
    };
  }

  private static byte[] elf(int machine, byte[] code) {
    int size = HEADERS + code.length + 8 * IGNORE.length;
    ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
    file.putShort((short) 2).putShort((short) machine).putInt(1);
    file.putLong(ADDRESS + HEADERS).putLong(64).putLong(0).putInt(0);
    file.putShort((short) 64).putShort((short) 56).putShort((short) 1);
    file.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    // One segment, readable and executable: the whole file.
    file.putInt(1).putInt(5).putLong(0).putLong(ADDRESS).putLong(ADDRESS);
    file.putLong(size).putLong(size).putLong(0x1000);
    file.put(code);
    for (long word : IGNORE) {
      file.putLong(word);
    }
    return file.array();
  }

  /**
   * Writes a root file system with the program in it, and empty directories to mount at. Not below
   * {@code /run}, which may be mounted without the right to execute.
   */
  static void install(Path rootfs) {
    try {
      for (String directory : List.of("dev", "proc", "sys", "run")) {
        Files.createDirectories(rootfs.resolve(directory));
      }
      Path program = rootfs.resolve(PATH.substring(1));
      Path next = rootfs.resolve("init.new");
      Files.write(next, elf(System.getProperty("os.arch", "")));
      Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("r-xr-xr-x"));
      Files.move(
          next, program, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      Files.setPosixFilePermissions(rootfs, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException("init program of pods", e);
    }
  }
}
