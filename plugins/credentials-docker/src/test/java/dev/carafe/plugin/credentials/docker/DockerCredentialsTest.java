package dev.carafe.plugin.credentials.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.CredentialProvider.Query;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DockerCredentialsTest {
  private static final Credentials ALICE = new Credentials.Basic("alice", "secret");

  @TempDir Path directory;
  private Path file = Path.of("");
  private Path helpers = Path.of("");

  @BeforeEach
  void prepare() throws IOException {
    file = directory.resolve("config.json");
    helpers = Files.createDirectory(directory.resolve("bin"));
    Files.setPosixFilePermissions(helpers, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void config(String json) throws IOException {
    Files.writeString(file, json.replace('\'', '"'));
  }

  private void helper(String name, String... lines) throws IOException {
    Path program = helpers.resolve("docker-credential-" + name);
    Files.writeString(program, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Optional<Credentials> find(String host, String image) {
    DockerCredentialsConfig config =
        new DockerCredentialsConfig(List.of(file), List.of(helpers), Duration.ofSeconds(1));
    try (DockerCredentials credentials = new DockerCredentials(config)) {
      return credentials.find(new Query(host, ImageName.parse(image)));
    }
  }

  private Optional<Credentials> find(String host) {
    return find(host, host + "/some/repo:latest");
  }

  private String failure(String host) {
    return assertThrows(UnavailableException.class, () -> find(host)).getMessage();
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes());
  }

  @Test
  void withoutFilesItKnowsNothing() {
    try (DockerCredentials credentials = new DockerCredentials(DockerCredentialsConfig.DEFAULT)) {
      assertEquals(
          Optional.empty(),
          credentials.find(new Query("r.example", ImageName.parse("r.example/a:b"))));
    }
  }

  @Test
  void aFileThatIsNotThereSaysNothing() {
    assertEquals(Optional.empty(), find("r.example"));
  }

  @Test
  void anAuthIsUserAndPassword() throws IOException {
    config("{'auths': {'r.example': {'auth': '" + base64("alice:secret") + "'}}}");

    assertEquals(Optional.of(ALICE), find("r.example"));
    assertEquals(Optional.empty(), find("other.example"));
    assertEquals(Optional.empty(), find("r.example:5000"));
    assertEquals(Optional.empty(), find("sub.r.example"));
  }

  @Test
  void aPasswordMayHaveColons() throws IOException {
    config("{'auths': {'r.example': {'auth': '" + base64("alice:a:b") + "'}}}");

    assertEquals(Optional.of(new Credentials.Basic("alice", "a:b")), find("r.example"));
  }

  @Test
  void userAndPasswordMayBeInTheClear() throws IOException {
    config("{'auths': {'r.example:5000': {'username': 'alice', 'password': 'secret'}}}");

    assertEquals(Optional.of(ALICE), find("r.example:5000"));
  }

  @Test
  void tokensGoBeforePasswords() throws IOException {
    config(
        "{'auths': {'a.example': {'identitytoken': 't', 'auth': '"
            + base64("alice:secret")
            + "'}, 'b.example': {'registrytoken': 'b'}}}");

    assertEquals(Optional.of(new Credentials.RefreshToken("t")), find("a.example"));
    assertEquals(Optional.of(new Credentials.Header("Bearer b")), find("b.example"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
        "https://registry-1.docker.io",
        "https://index.docker.io/v2/"
      })
  void dockerHubGoesByManyNames(String key) throws IOException {
    config("{'auths': {'" + key + "': {'username': 'alice', 'password': 'secret'}}}");

    assertEquals(Optional.of(ALICE), find("registry-1.docker.io", "docker.io/library/a:b"));
    assertEquals(Optional.of(ALICE), find("docker.io", "docker.io/library/a:b"));
    assertEquals(Optional.empty(), find("mirror.example", "docker.io/library/a:b"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"r.example", "https://r.example", "http://r.example/v2/", "R.Example/v1/"})
  void aHostMayBeWrittenInManyWays(String key) throws IOException {
    config("{'auths': {'" + key + "': {'username': 'alice', 'password': 'secret'}}}");

    assertEquals(Optional.of(ALICE), find("r.example"));
  }

  @Test
  void theLongestPathCounts() throws IOException {
    config(
        """
        {'auths': {'r.example/team': {'username': 'team', 'password': 'x'},
                   'r.example': {'username': 'all', 'password': 'x'},
                   'r.example/team/app': {'username': 'app', 'password': 'x'}}}
        """);

    assertEquals(
        Optional.of(new Credentials.Basic("app", "x")), find("r.example", "r.example/team/app:v1"));
    assertEquals(
        Optional.of(new Credentials.Basic("team", "x")),
        find("r.example", "r.example/team/application:v1"));
    assertEquals(
        Optional.of(new Credentials.Basic("all", "x")), find("r.example", "r.example/teams/a:v1"));
  }

  @Test
  void aHelperIsAskedForTheServer() throws IOException {
    config("{'credsStore': 'fake'}");
    helper(
        "fake",
        "read -r server || true",
        "[ \"$1\" = get ] || exit 3",
        "echo \"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"$server\\\",\\\"Secret\\\":\\\"s\\\"}\"");

    assertEquals(Optional.of(new Credentials.Basic("r.example:5000", "s")), find("r.example:5000"));
    assertEquals(
        Optional.of(new Credentials.Basic("https://index.docker.io/v1/", "s")),
        find("registry-1.docker.io", "docker.io/library/a:b"));
  }

  @Test
  void aHostsOwnHelperGoesBeforeTheOneForAll() throws IOException {
    config("{'credsStore': 'all', 'credHelpers': {'https://r.example': 'own'}}");
    helper("own", "echo '{\"Username\":\"own\",\"Secret\":\"s\"}'");
    helper("all", "echo '{\"Username\":\"all\",\"Secret\":\"s\"}'");

    assertEquals(Optional.of(new Credentials.Basic("own", "s")), find("r.example"));
    assertEquals(Optional.of(new Credentials.Basic("all", "s")), find("other.example"));
  }

  @Test
  void aHelpersTokenIsARefreshToken() throws IOException {
    config("{'credsStore': 'fake'}");
    helper("fake", "echo '{\"Username\":\"<token>\",\"Secret\":\"s\"}'");

    assertEquals(Optional.of(new Credentials.RefreshToken("s")), find("r.example"));
  }

  @Test
  void whatAHelperDoesNotHaveMayBeInTheFile() throws IOException {
    config(
        "{'credsStore': 'fake', 'auths': {'r.example': {'auth': '"
            + base64("alice:secret")
            + "'}, 'empty.example': {}}}");
    helper("fake", "echo 'credentials not found in native keychain'; exit 1");

    assertEquals(Optional.of(ALICE), find("r.example"));
    assertEquals(Optional.empty(), find("empty.example"));
  }

  @Test
  void aHelperThatHangsIsGivenUp() throws IOException {
    config("{'credsStore': 'fake'}");
    helper("fake", "sleep 1000");

    assertTrue(failure("r.example").contains("docker-credential-fake for r.example: no answer"));
  }

  @Test
  void aHelperThatFailsIsNamedWithWhatItSays() throws IOException {
    config("{'credsStore': 'fake'}");
    helper("fake", "printf 'vault is\\033 locked\\nmore'; exit 4");

    assertEquals(
        "credential helper docker-credential-fake for r.example: exit code 4: vault is? locked",
        failure("r.example"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"echo top-secret", "head -c 10000000 /dev/zero", "printf '[1,2'"})
  void anAnswerThatIsNoneIsRefusedWithoutQuotingIt(String line) throws IOException {
    config("{'credsStore': 'fake'}");
    helper("fake", line);

    assertEquals(
        "credential helper docker-credential-fake for r.example: answer is not JSON",
        failure("r.example"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../bin/sh", "a b", "", "-x", "x/y"})
  void aHelpersNameIsNoPath(String name) throws IOException {
    config("{'credHelpers': {'r.example': '" + name + "'}}");

    if (name.isEmpty()) {
      assertEquals(Optional.empty(), find("r.example"));
    } else {
      assertTrue(failure("r.example").contains("name is not of the form"));
    }
  }

  @Test
  void aHelperThatOthersCanReplaceIsNotRun() throws IOException {
    config("{'credsStore': 'fake'}");
    helper("fake", "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    Files.setPosixFilePermissions(
        helpers.resolve("docker-credential-fake"), PosixFilePermissions.fromString("rwxrwxrwx"));

    assertTrue(failure("r.example").contains("writable"));
  }

  @Test
  void aHelperThatIsNotInstalledIsNamed() throws IOException {
    config("{'credsStore': 'none'}");

    assertTrue(failure("r.example").contains("docker-credential-none: not found"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{'auths': {'r.example': {'auth': '!!!"})
  void aBrokenFileIsNamedAndNotQuoted(String text) throws IOException {
    config(text);

    assertEquals(file + ": not a JSON object", failure("r.example"));
  }

  @Test
  void anAuthThatIsNoPairIsRefusedWithoutQuotingIt() throws IOException {
    config("{'auths': {'r.example': {'auth': '" + base64("topsecret") + "'}}}");

    assertFalse(failure("r.example").contains("topsecret"));
  }

  @Test
  void aBrokenFileDoesNotHideTheNext() throws IOException {
    Path broken = directory.resolve("broken.json");
    Files.writeString(broken, "{");
    config("{'auths': {'r.example': {'username': 'alice', 'password': 'secret'}}}");
    DockerCredentialsConfig both =
        new DockerCredentialsConfig(List.of(broken, file), List.of(), Duration.ofSeconds(1));

    try (DockerCredentials credentials = new DockerCredentials(both)) {
      assertEquals(
          Optional.of(ALICE),
          credentials.find(new Query("r.example", ImageName.parse("r.example/a:b"))));
    }
  }

  @Test
  void aReloadChangesTheFiles() throws IOException {
    config("{'auths': {'r.example': {'username': 'alice', 'password': 'secret'}}}");
    try (DockerCredentials credentials = new DockerCredentials(DockerCredentialsConfig.DEFAULT)) {
      credentials.reload(
          new DockerCredentialsConfig(List.of(file), List.of(), Duration.ofSeconds(1)));

      assertEquals(
          Optional.of(ALICE),
          credentials.find(new Query("r.example", ImageName.parse("r.example/a:b"))));
    }
  }

  @Test
  void theConfigurationIsChecked() {
    Duration second = Duration.ofSeconds(1);
    assertThrows(
        InvalidArgumentException.class,
        () -> new DockerCredentialsConfig(List.of(Path.of("x")), List.of(), second));
    assertThrows(
        InvalidArgumentException.class,
        () -> new DockerCredentialsConfig(List.of(), List.of(), Duration.ofMinutes(2)));
    assertEquals(List.of(), DockerCredentialsConfig.DEFAULT.configFiles());
  }
}
