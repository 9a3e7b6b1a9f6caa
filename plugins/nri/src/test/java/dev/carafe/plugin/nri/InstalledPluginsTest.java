package dev.carafe.plugin.nri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.DaemonException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstalledPluginsTest extends Plugged {
  private Path install(String name, String script) throws IOException {
    Path plugins = Files.createDirectories(directory.resolve("plugins"));
    Path program = plugins.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void anInstalledPluginIsStartedWithItsNameAndASocketAndEndsWithTheDaemon() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install(
        "07-mine",
        """
        { env | grep ^NRI_ | sort; readlink /proc/self/fd/3 | sed 's/:.*//'; echo $$; } > %1$s.new
        mv %1$s.new %1$s
        exec sleep 1000
        """
            .formatted(said));

    // When
    Nri nri = nri(config(PATIENT, PATIENT));

    // Then
    await(() -> Files.exists(said));
    List<String> lines = Files.readAllLines(said);
    assertEquals(
        List.of("NRI_PLUGIN_IDX=07", "NRI_PLUGIN_NAME=mine", "NRI_PLUGIN_SOCKET=3", "socket"),
        lines.subList(0, 4));
    nri.close();
    await(() -> !Files.exists(Path.of("/proc", lines.get(4))));
  }

  @Test
  void anInstalledPluginThatHangsIsKilledAndNothingWaitsForItAnyLonger() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install("07-mine", "trap '' TERM\necho $$ > " + said + "\nwhile :; do sleep 1; done");
    Nri nri = nri(config(IMPATIENT, PATIENT));
    assertTrue(nri.active());

    // When
    nri.podStarting(POD);

    // Then
    assertFalse(nri.active());
    if (Files.exists(said)) {
      Path process = Path.of("/proc", Files.readString(said).strip());
      await(() -> !Files.exists(process));
    }
  }

  @Test
  void whatIsInstalledUnderABadNameOrMayBeChangedByOthersIsNotStarted() throws Exception {
    // Given
    Path said = directory.resolve("said");
    install("mine", "touch " + said);
    Files.setPosixFilePermissions(
        install("08-open", "touch " + said), PosixFilePermissions.fromString("rwxrwxrwx"));

    // When
    List<Launcher.Installed> found =
        new Launcher(directory.resolve("plugins"), directory.resolve("conf.d"), directory).find();

    // Then
    assertEquals(List.of(), found);
  }

  @Test
  void anInstalledPluginGetsItsOwnConfigurationElseThatOfItsName() throws Exception {
    // Given
    install("07-mine", ":");
    Path configurations = Files.createDirectories(directory.resolve("conf.d"));
    Launcher launcher = new Launcher(directory.resolve("plugins"), configurations, directory);

    // Then
    Files.writeString(configurations.resolve("mine.conf"), "by name");
    assertEquals("by name", launcher.find().getFirst().configuration());
    Files.writeString(configurations.resolve("07-mine.conf"), "its own");
    assertEquals("its own", launcher.find().getFirst().configuration());
  }

  @Test
  void theSocketIsForItsOwnerOnlyAndReplacesThatOfAnEarlierDaemon() throws Exception {
    // Given
    try (ServerSocketChannel earlier = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      earlier.bind(UnixDomainSocketAddress.of(socket()));
    }

    // When
    nri(config(PATIENT, PATIENT));

    // Then
    await(() -> {
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        return channel.isConnected();
      } catch (IOException e) {
        return false;
      }
    });
    await(() -> {
      try {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(socket()))
            .equals("rw-------");
      } catch (IOException e) {
        return false;
      }
    });
  }

  @Test
  void aSocketOnWhichAnotherListensIsLeftToHim() throws Exception {
    // Given
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket()));

      // When
      var listener = new Listener(socket(), _ -> {});
      listener.start();
      listener.close();

      // Then
      try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
        assertTrue(channel.isConnected());
      }
    }
  }

  @Test
  void aFileInTheSocketsPlaceIsNotRemoved() throws Exception {
    // Given
    Files.writeString(socket(), "precious");

    // When
    var listener = new Listener(socket(), _ -> {});
    listener.start();
    listener.close();

    // Then
    assertEquals("precious", Files.readString(socket()));
  }

  @Test
  void aConfigurationThatCannotBeIsRefused() {
    assertThrows(DaemonException.class, () -> config(Duration.ofMillis(1), PATIENT));
    assertThrows(DaemonException.class, () -> config(PATIENT, Duration.ofHours(1)));
  }
}
