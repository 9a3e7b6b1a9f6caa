package dev.carafe.plugin.verifier.policy;

import dev.carafe.plugin.verifier.policy.KeptSignatures.Signature;
import dev.carafe.spi.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Signatures in a directory or on a web server: {@code BASE/PATH@ALGORITHM=HEX/signature-N} with N
 * from 1 to the first that is missing (containers/image, "Signature access protocols").
 */
final class Lookaside implements AutoCloseable {
  private static final int SIGNATURES = 64;
  private static final int NOT_FOUND = 404;
  private static final int OK = 200;

  private final HttpClient client;
  private final Duration timeout;

  Lookaside(Duration timeout) {
    this.timeout = timeout;
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(timeout)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();
  }

  /**
   * @throws PolicyException if the place does not answer, or has more than 64
   */
  List<Signature> signatures(URI base, ImageIdentity image, Digest manifest)
      throws InterruptedException {
    String path = image.repository().substring(image.repository().indexOf('/') + 1);
    String directory =
        base.toString().replaceAll("/+$", "")
            + "/"
            + path
            + "@"
            + manifest.toString().replace(':', '=');
    List<Signature> found = new ArrayList<>();
    while (found.size() <= SIGNATURES) {
      byte[] one = fetch(URI.create(directory + "/signature-" + (found.size() + 1)));
      if (one == null) {
        return found;
      }
      found.add(new Signature(one, new byte[0]));
    }
    throw new PolicyException(directory + " has more than " + SIGNATURES + " signatures");
  }

  private byte @Nullable [] fetch(URI uri) throws InterruptedException {
    if ("file".equals(uri.getScheme())) {
      Path file = Path.of(uri.getPath());
      return Files.exists(file) ? Bounded.file(file, Bounded.SIGNATURE) : null;
    }
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(timeout).build();
    try {
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        return switch (response.statusCode()) {
          case OK -> Bounded.all(body, Bounded.SIGNATURE, uri.toString());
          case NOT_FOUND -> null;
          default ->
              throw new PolicyException(uri + " answers with status " + response.statusCode());
        };
      }
    } catch (IOException e) {
      throw new PolicyException(uri + " does not answer: " + e, e);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
