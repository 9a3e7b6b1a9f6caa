package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.plugin.verifier.policy.Policy.AcceptAnything;
import dev.carafe.plugin.verifier.policy.Policy.Reject;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageName;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyReaderTest {
  private static Policy read(String json) {
    return PolicyReader.read(json.replace('\'', '"').getBytes(UTF_8));
  }

  @ParameterizedTest
  @CsvSource({
    "a.example/ns/image:tag, exact",
    "a.example/ns/image:other, repository",
    "a.example/ns/other:tag, namespace",
    "a.example/elsewhere:tag, host",
    "b.c.example/image:tag, domain",
    "b.c.example:5000/image:tag, port",
    "c.example/image:tag, none"
  })
  void theNarrowestScopeCounts(String image, String expected) {
    // Given
    List<String> scopes =
        List.of(
            "a.example/ns/image:tag",
            "a.example/ns/image",
            "a.example/ns",
            "a.example",
            "*.c.example",
            "b.c.example:5000",
            "");
    List<String> names =
        List.of("exact", "repository", "namespace", "host", "domain", "port", "none");
    String wanted = scopes.get(names.indexOf(expected));
    StringBuilder json =
        new StringBuilder("{'default':[{'type':'reject'}],'transports':{'docker':{");
    for (String scope : scopes) {
      json.append("'" + scope + "':[{'type':'")
          .append(scope.equals(wanted) ? "insecureAcceptAnything" : "reject")
          .append("'}],");
    }
    json.setLength(json.length() - 1);

    // When
    Policy policy = read(json + "}}}");

    // Then
    assertEquals(List.of(new AcceptAnything()), policy.of(ImageName.normalize(image)));
  }

  @ParameterizedTest
  @CsvSource({
    "oci:/srv/images:tag, image",
    "oci:/srv/images:other, file",
    "oci:/srv/other:tag, folder",
    "oci:/elsewhere:tag, transport",
    "docker-archive:/srv/images:tag, fallback"
  })
  void filesHaveScopesOfTheirOwn(String file, String expected) {
    // Given
    List<String> scopes = List.of("/srv/images:tag", "/srv/images", "/srv", "");
    List<String> names = List.of("image", "file", "folder", "transport");
    StringBuilder json =
        new StringBuilder(
            "{'default':[{'type':'"
                + (expected.equals("fallback") ? "insecureAcceptAnything" : "reject")
                + "'}],'transports':{'docker':{'':[{'type':'reject'}]},'oci':{");
    for (String scope : scopes) {
      boolean wanted = names.get(scopes.indexOf(scope)).equals(expected);
      json.append("'" + scope + "':[{'type':'")
          .append(wanted ? "insecureAcceptAnything" : "reject")
          .append("'}],");
    }
    json.setLength(json.length() - 1);

    // When
    Policy policy = read(json + "}}}");

    // Then
    assertEquals(List.of(new AcceptAnything()), policy.of(ImageFile.parse(file)));
  }

  @Test
  void otherTransportsSayNothingAboutRegistries() {
    // When
    Policy policy =
        read(
            "{'default':[{'type':'reject'}],'transports':{'docker-daemon':{'':[{'type':'insecureAcceptAnything'}]}}}");

    // Then
    assertEquals(List.of(new Reject()), policy.of(ImageName.normalize("a.example/b:c")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{'default':[]}",
        "{'default':{'type':'reject'}}",
        "{'default':[{'type':'reject'}]} {}",
        "{'default':[{'type':'reject'}],'default':[{'type':'insecureAcceptAnything'}]}",
        "{'default':[{'type':'reject','unless':'friday'}]}",
        "{'default':[{'type':'accept'}]}",
        "{'default':[{}]}",
        "{'default':[{'type':'reject'}],'transport':{}}",
        "{'default':[{'type':'reject'}],'transports':[]}",
        "{'default':[{'type':'reject'}],'transports':{'docker':{'a':[]}}}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys'}]}",
        "{'default':[{'type':'signedBy','keyType':'X509Certificates','keyData':'aaaa'}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyData':'!'}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyData':'bm9uZQ=='}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'relative'}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'/nowhere'}]}",
        "{'default':[{'type':'sigstoreSigned','keyData':'bm9uZQ=='}]}",
        "{'default':[{'type':'sigstoreSigned','fulcio':{}}]}",
        "{'default':[{'type':'sigstoreSigned','keyPath':'/a','keyData':'bm9uZQ=='}]}"
      })
  void whatIsNotUnderstoodIsNoPolicy(String json) {
    PolicyException failure = assertThrows(PolicyException.class, () -> read(json));
    assertTrue(!String.valueOf(failure.getMessage()).isBlank());
  }
}
