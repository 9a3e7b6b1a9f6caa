package dev.carafe.plugin.credentials.docker;

import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.Credentials;
import dev.carafe.testkit.images.CredentialProviderConformance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The whole conformance suite, on a file with entries, and on a helper that fails. */
class DockerCredentialsConformanceTest extends CredentialProviderConformance {
  private static CredentialProvider provider(Path directory, String json) throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(file, json);
    return new DockerCredentials(
        new DockerCredentialsConfig(
            List.of(file), List.of(directory.resolve("bin")), Duration.ofSeconds(5)));
  }

  @Override
  protected CredentialProvider open(Path directory, Map<String, Credentials.Basic> credentials)
      throws IOException {
    return provider(
        directory,
        credentials.entrySet().stream()
            .map(entry ->
                "\"%s\": {\"auth\": \"%s\"}".formatted(entry.getKey(), encoded(entry.getValue())))
            .collect(Collectors.joining(", ", "{\"auths\": {", "}}")));
  }

  private static String encoded(Credentials.Basic credentials) {
    String pair = credentials.user() + ":" + credentials.password();
    return Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  protected CredentialProvider broken(Path directory, String host, String secret)
      throws IOException {
    Path helpers = Files.createDirectory(directory.resolve("bin"));
    Files.setPosixFilePermissions(helpers, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path helper = helpers.resolve("docker-credential-broken");
    Files.writeString(
        helper,
        "#!/bin/sh\ncat >/dev/null\necho '{\"Username\": \"ann\", \"Secret\": \""
            + secret
            + "\"'\n");
    Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwxr-xr-x"));
    return provider(directory, "{\"credHelpers\": {\"" + host + "\": \"broken\"}}");
  }
}
