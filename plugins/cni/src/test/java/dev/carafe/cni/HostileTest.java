package dev.carafe.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HostileTest {
  @TempDir Path directory;
  private FakePlugins plugins;
  private final TestNamespace namespace = new TestNamespace();

  @BeforeEach
  void prepare() {
    plugins = new FakePlugins(directory);
    plugins.configure("10-net.conflist", FakePlugins.LIST);
  }

  @AfterEach
  void clean() {
    namespace.close();
  }

  private PodNetwork pod(String id) {
    return PodNetwork.of(id, "space", "web", "uid-1", namespace.path(), "runc");
  }

  private String refused() {
    try (Cni cni = plugins.open()) {
      var thrown = assertThrows(FailedPreconditionException.class, () -> cni.setUp(pod("p1")));
      assertEquals(List.of("ADD one", "DEL one"), plugins.brief());
      assertFalse(cni.result("p1").isPresent());
      return thrown.getMessage();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "[]",
        "{",
        "{} {}",
        "{\"ips\":{}}",
        "{\"ips\":[1]}",
        "{\"ips\":[{\"address\":\"10.1.2.3\"}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/33\"}]}",
        "{\"ips\":[{\"address\":\"example.com/8\"}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\",\"interface\":0}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\",\"interface\":-1}],\"interfaces\":[{\"name\":\"a\"}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\",\"gateway\":\"a b\"}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\"}],\"routes\":[{\"dst\":\"default\"}]}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\"}],\"dns\":{\"nameservers\":[\"1.1.1.1\\\\nevil\"]}}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\"}],\"dns\":{\"search\":[\"a\\\\u0000b\"]}}",
        "{\"ips\":[{\"address\":\"10.1.2.3/24\"}],\"interfaces\":[{\"name\":\"a\\\\tb\"}]}"
      })
  void anAnswerThatIsNoResultIsRefusedAndUndone(String answer) {
    plugins.answer("one", "ADD", "printf '" + answer + "'");
    assertTrue(refused().contains("plugin \"one\": ADD for \"p1\": its answer is no result: "));
  }

  @Test
  void aNetworkThatGivesNoAddressIsRefusedAndUndone() {
    plugins.answer("one", "ADD", "echo '{\"cniVersion\":\"1.1.0\"}'");
    assertTrue(refused().contains("network \"net\": pod \"p1\" was given no address on eth0"));
  }

  @Test
  void anEndlessAnswerIsCutOff() {
    plugins.answer("one", "ADD", "head -c 3000000 /dev/zero | tr '\\0' ' '");
    assertTrue(refused().contains("says more than 1048576 bytes"));
  }

  @Test
  void aVeryDeepAnswerIsRefused() {
    plugins.answer("one", "ADD", "printf '{\"ips\":'; head -c 100000 /dev/zero | tr '\\0' '['");
    assertTrue(refused().contains("its answer is no result"));
  }

  @Test
  void tooManyAddressesAreRefused() {
    plugins.answer(
        "one",
        "ADD",
        "printf '{\"ips\":[{\"address\":\"10.1.2.3/24\"}'",
        "i=0; while [ $i -lt 1500 ]; do printf ',{\"address\":\"10.1.2.3/24\"}'; i=$((i+1)); done",
        "echo ']}'");
    assertTrue(refused().contains("more than 1024 ips"));
  }

  @Test
  void whatAFailureSaysIsOneShortLine() {
    plugins.answer(
        "one",
        "ADD",
        "printf 'bad\\033[31m\\n\\302\\233thing ' >&2",
        "yes | head -c 9000 >&2",
        "exit 3");
    String message = refused();
    assertTrue(message.contains("exit code 3: bad [31m thing y y"), message);
    assertTrue(message.length() < 1300, message.length() + " characters");
    assertFalse(message.chars().anyMatch(Character::isISOControl));
  }

  @Test
  void aPluginThatIsKilledIsToldOf() {
    plugins.answer("one", "ADD", "kill -SEGV $$");
    assertTrue(refused().contains("was killed by signal 11"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../one", "/bin/sh", ".", "..", "", "a/b", "a b", "-x"})
  void aPluginIsAPlainFileName(String type) throws IOException {
    // Given a program where the path would lead
    Files.copy(plugins.bin.resolve("one"), directory.resolve("one"));
    Files.setPosixFilePermissions(
        directory.resolve("one"), PosixFilePermissions.fromString("rwxr-xr-x"));

    plugins.configure("10-net.conflist", FakePlugins.LIST.replace("\"one\"", "\"" + type + "\""));

    try (Cni cni = plugins.open()) {
      assertTrue(
          cni.status("runc").message().contains("is not the name of a program"),
          cni.status("runc").message());
    }
    assertEquals(List.of(), plugins.allCalls());
  }

  @Test
  void anAddressPluginIsAPlainFileNameToo() {
    plugins.configure(
        "10-net.conflist",
        FakePlugins.LIST.replace("\"one\"", "\"one\",\"ipam\":{\"type\":\"../../one\"}"));
    try (Cni cni = plugins.open()) {
      assertTrue(
          cni.status("runc").message().contains("\"../../one\" is not the name of a program"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"cniVersion\":\"1.0.0\",\"plugins\":[{\"type\":\"one\"}]}",
        "{\"cniVersion\":\"1.0.0\",\"name\":\"../x\",\"plugins\":[{\"type\":\"one\"}]}",
        "{\"cniVersion\":\"2.0.0\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\"}]}",
        "{\"cniVersion\":\"new\",\"name\":\"net\",\"plugins\":[{\"type\":\"one\"}]}",
        "{\"cniVersion\":1,\"name\":\"net\",\"plugins\":[{\"type\":\"one\"}]}",
        "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"plugins\":[\"one\"]}",
        "{\"cniVersion\":\"1.0.0\",\"name\":\"net\"}"
      })
  void aConfigurationThatIsNoneIsNotUsed(String json) {
    plugins.configure("10-net.conflist", json);
    try (Cni cni = plugins.open()) {
      assertTrue(cni.status("runc").lastLoad().contains("no valid network config found"));
    }
  }

  @Test
  void aHugeConfigurationOrAPipeIsNotRead() throws IOException {
    Files.delete(plugins.conf.resolve("10-net.conflist"));
    TestNamespace.run("mkfifo", plugins.conf.resolve("1.conflist").toString());
    plugins.configure("2.conflist", " ".repeat((1 << 20) + 1));
    try (Cni cni = plugins.open()) {
      String message = cni.status("runc").message();
      assertTrue(message.contains("1.conflist: not a file"), message);
      assertTrue(message.contains("2.conflist: larger than 1048576 bytes"), message);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", ".hidden", "a\nb"})
  void aPodIdIsAPlainName(String id) {
    assertThrows(InvalidArgumentException.class, () -> pod(id));
    try (Cni cni = plugins.open()) {
      assertThrows(InvalidArgumentException.class, () -> cni.tearDown(id));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a;CNI_X=1", "a=b", "a\nb"})
  void aPodCannotAddArguments(String name) {
    assertThrows(
        InvalidArgumentException.class,
        () -> PodNetwork.of("p1", "space", name, "uid", namespace.path(), "runc"));
  }

  @Test
  void whatIsNoNamespaceIsRefusedBeforeAPluginRuns() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    try (Cni cni = plugins.open()) {
      for (Path path : List.of(file, directory.resolve("missing"))) {
        assertThrows(
            FailedPreconditionException.class,
            () -> cni.setUp(PodNetwork.of("p1", "s", "n", "u", path, "runc")));
      }
    }
    assertEquals(List.of(), plugins.brief());
  }
}
