package dev.carafe.plugin.verifier.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.Platform;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.ImageVerifier.Verdict;
import dev.carafe.spi.images.SourceOptions;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyVerifierTest {
  @TempDir Path directory;

  private static final String SIGNED =
      "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'$D/key'%s}]}";

  private static Verdict judge(PolicyVerifier verifier, String name) {
    try (verifier) {
      return verifier.verify(ImageName.parse(name), Stage.TARGET);
    }
  }

  private static void refused(Verdict verdict, String reason) {
    assertFalse(verdict.ok());
    assertTrue(verdict.reason().contains(reason), verdict::reason);
  }

  @Test
  void aPolicyThatIsMissingRefusesUnlessItIsTheDefaultOne() {
    Stage stage = new Stage(directory);
    FailedPreconditionException failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> judge(stage.verifier(), Stage.NAME.toString()));
    assertTrue(String.valueOf(failure.getMessage()).contains("policy.json"));
  }

  @Test
  void everyRequirementMustBeMet() {
    Stage stage = new Stage(directory);
    stage.policy("{'default':[{'type':'insecureAcceptAnything'},{'type':'reject'}]}");
    refused(judge(stage.verifier(), Stage.NAME.toString()), "rejects");
  }

  @Test
  void aFileIsJudgedByItsTransportAndHasNoSignature() {
    Stage stage = new Stage(directory).write("key", Gpg.signer().publicKey());
    ImageFile file = ImageFile.parse("oci:/srv/images:tag");
    stage.policy(SIGNED.formatted(""));
    try (PolicyVerifier verifier = stage.verifier()) {
      refused(verifier.verify(file, Stage.TARGET), "files have none");
      stage.policy(
          "{'default':[{'type':'reject'}],"
              + "'transports':{'oci':{'/srv':[{'type':'insecureAcceptAnything'}]}}}");
      assertTrue(verifier.verify(file, Stage.TARGET).ok());
      refused(verifier.verify(ImageFile.parse("oci:/etc/a:b"), Stage.TARGET), "rejects");
    }
  }

  @Test
  void anImageWithoutSignatureIsRefused() {
    Stage stage = new Stage(directory).write("key", Gpg.signer().publicKey());
    stage.policy(SIGNED.formatted(""));
    refused(judge(stage.verifier(), Stage.NAME.toString()), "there is none");
  }

  @Test
  void oneGoodSignatureAmongBadOnesIsEnough() {
    // Given
    Gpg signer = Gpg.signer();
    Stage stage = new Stage(directory).write("key", signer.publicKey());
    stage.policy(SIGNED.formatted(""));
    byte[] claim = Stage.claim(Stage.NAME.toString());

    // When
    stage.signature(1, Gpg.signer().sign(claim)).signature(2, "noise".getBytes(UTF_8));

    // Then
    refused(judge(stage.verifier(), Stage.NAME.toString()), "not trusted");

    // When
    stage.signature(3, signer.sign(claim));

    // Then
    assertTrue(judge(stage.verifier(), Stage.NAME.toString()).ok());
  }

  @Test
  void aSignatureOfAnotherManifestDoesNotCount() {
    Gpg signer = Gpg.signer();
    Stage stage = new Stage(directory).write("key", signer.publicKey());
    stage.policy(SIGNED.formatted(""));
    stage.signature(
        1,
        signer.sign(
            Stage.claim(
                Claim.SIMPLE, Stage.NAME.toString(), Digest.of(new byte[] {1}).toString())));
    refused(judge(stage.verifier(), Stage.NAME.toString()), "no signature counts");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "registry.example/some/image:tag | '' | true",
        "registry.example/some/image:other | '' | false",
        "registry.example/some/image | '' | false",
        "registry.example/some/image:other | {'type':'matchRepository'} | true",
        "registry.example/some/image | {'type':'matchRepository'} | true",
        "registry.example/some/imagery | {'type':'matchRepository'} | false",
        "registry.example/some/image:other | {'type':'matchExact'} | false",
        "a.example/b:c | {'type':'exactReference','dockerReference':'a.example/b:c'} | true",
        "a.example/b:d | {'type':'exactReference','dockerReference':'a.example/b:c'} | false",
        "a.example/b:d | {'type':'exactRepository','dockerRepository':'a.example/b'} | true",
        "a.example/bb:d | {'type':'exactRepository','dockerRepository':'a.example/b'} | false",
        "origin.example/x/image:tag | {'type':'remapIdentity','prefix':'registry.example/some','signedPrefix':'origin.example/x'} | true",
        "registry.example/some/image:tag | {'type':'remapIdentity','prefix':'registry.example/some','signedPrefix':'origin.example/x'} | false",
        "registry.example/some/image:tag | {'type':'remapIdentity','prefix':'registry.example/so','signedPrefix':'origin.example/x'} | true"
      })
  void theNameThatWasSignedMustFit(String signed, String identity, boolean fits) {
    // Given
    Gpg signer = Gpg.signer();
    Stage stage = new Stage(directory).write("key", signer.publicKey());
    String json = identity.replace("''", "");
    stage.policy(SIGNED.formatted(json.isEmpty() ? "" : ",'signedIdentity':" + json));

    // When
    stage.signature(1, signer.sign(Stage.claim(signed)));

    // Then
    assertEquals(fits, judge(stage.verifier(), Stage.NAME.toString()).ok());
  }

  @Test
  void anImageAskedForByDigestMayBeSignedUnderAnyTag() {
    Gpg signer = Gpg.signer();
    Stage stage = new Stage(directory).write("key", signer.publicKey());
    stage.policy(SIGNED.formatted(""));
    stage.signature(1, signer.sign(Stage.claim(Stage.NAME.toString())));
    String byDigest = "registry.example/some/image@" + Stage.DIGEST;
    assertTrue(judge(stage.verifier(), byDigest).ok());
  }

  @Test
  void aChangedPolicyHoldsAtOnce() {
    Stage stage = new Stage(directory);
    try (PolicyVerifier verifier = stage.verifier()) {
      stage.policy("{'default':[{'type':'insecureAcceptAnything'}]}");
      assertTrue(verifier.verify(Stage.NAME, Stage.TARGET).ok());
      stage.policy("{'default':[{'type':'reject'}]}");
      assertFalse(verifier.verify(Stage.NAME, Stage.TARGET).ok());
    }
  }

  @ParameterizedTest
  @CsvSource({"EC, SHA256withECDSA", "RSA, SHA256withRSA", "Ed25519, Ed25519"})
  void sigstoresSignatureIsBesideTheImage(String kind, String algorithm) throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance(kind).generateKeyPair();
    Stage stage = new Stage(directory);
    stage.write(
        "registries.d/all.yaml",
        "docker:\n  registry.example:\n    use-sigstore-attachments: true\n");
    stage.write("key", pem(pair));
    stage.policy(
        "{'default':[{'type':'sigstoreSigned','keyPath':'$D/key','signedIdentity':{'type':'matchRepository'}}]}");
    FakeSource source = new FakeSource();

    // When
    byte[] payload =
        Stage.claim(Claim.SIGSTORE, "registry.example/some/image", Stage.DIGEST.toString());
    source.attach(payload, sign(pair, algorithm, payload));

    // Then
    assertTrue(judge(stage.verifier(source), Stage.NAME.toString()).ok());

    // When
    byte[] other =
        Stage.claim(Claim.SIGSTORE, "registry.example/some/other", Stage.DIGEST.toString());
    source.attach(other, sign(pair, algorithm, other));

    // Then
    refused(
        judge(stage.verifier(source), Stage.NAME.toString()),
        "signed as registry.example/some/other");

    // When
    source.attach(payload, sign(pair, algorithm, other));

    // Then
    refused(judge(stage.verifier(source), Stage.NAME.toString()), "no key that is trusted");

    // When
    source.images.clear();

    // Then
    refused(judge(stage.verifier(source), Stage.NAME.toString()), "there is none");
  }

  @Test
  void whatSourcesGiveIsCheckedAndBounded() throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    Stage stage = new Stage(directory);
    stage.write("registries.d/all.yaml", "default-docker:\n  use-sigstore-attachments: true\n");
    stage.write("key", pem(pair));
    stage.policy("{'default':[{'type':'sigstoreSigned','keyPath':'$D/key'}]}");
    FakeSource source = new FakeSource();
    byte[] payload = Stage.claim(Claim.SIGSTORE, Stage.NAME.toString(), Stage.DIGEST.toString());
    source.attach(payload, sign(pair, "SHA256withECDSA", payload));

    // When
    source.blobs.replaceAll((_, bytes) -> (new String(bytes, UTF_8) + " ").getBytes(UTF_8));

    // Then
    FailedPreconditionException failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> judge(stage.verifier(source), Stage.NAME.toString()));
    assertTrue(String.valueOf(failure.getMessage()).contains("is not what came"));

    // When
    source.blobs.replaceAll((_, bytes) -> new byte[Bounded.MANIFEST + 1]);

    // Then
    failure =
        assertThrows(
            FailedPreconditionException.class,
            () -> judge(stage.verifier(source), Stage.NAME.toString()));
    assertTrue(String.valueOf(failure.getMessage()).contains("more than"));
  }

  /** An index of a manifest for each of two machines, and what a pull knows of it. */
  private static byte[] index() {
    String manifest =
        "{'mediaType':'application/vnd.oci.image.manifest.v1+json','size':5,'digest':'%s',"
            + "'platform':{'os':'linux','architecture':'%s'}}";
    return ("{'schemaVersion':2,'manifests':["
            + manifest.formatted(PART, "amd64")
            + ","
            + manifest.formatted(OTHER_PART, "arm64")
            + "]}")
        .replace('\'', '"')
        .getBytes(UTF_8);
  }

  private static final Digest PART = Digest.of("amd64".getBytes(UTF_8));
  private static final Digest OTHER_PART = Digest.of("arm64".getBytes(UTF_8));

  private static ImageVerifier.Pull pull(SourceOptions source, String... architectures) {
    return new ImageVerifier.Pull(
        Arrays.stream(architectures).map(name -> new Platform("linux", name, "")).toList(),
        source,
        document -> {
          if (!document.digest().equals(Digest.of(index()))) {
            throw new NotFoundException("no " + document);
          }
          return index();
        });
  }

  @Test
  void whatIsTakenOfAnIndexMayBeSignedInItsPlace() {
    // Given
    Gpg signer = Gpg.signer();
    Stage stage = new Stage(directory).write("key", signer.publicKey());
    stage.policy(SIGNED.formatted(""));
    byte[] index = index();
    Descriptor target =
        new Descriptor("application/vnd.oci.image.index.v1+json", Digest.of(index), index.length);
    stage.write(
        "lookaside/some/image@" + PART.toString().replace(':', '=') + "/signature-1",
        signer.sign(Stage.claim(Claim.SIMPLE, Stage.NAME.toString(), PART.toString())));
    try (PolicyVerifier verifier = stage.verifier()) {
      // Then
      assertTrue(verifier.verify(Stage.NAME, target, pull(SourceOptions.DEFAULT, "amd64")).ok());
      for (String[] others : new String[][] {{"arm64"}, {"amd64", "arm64"}, {}, {"s390x"}}) {
        assertFalse(
            verifier.verify(Stage.NAME, target, pull(SourceOptions.DEFAULT, others)).ok(),
            () -> "for " + List.of(others));
      }
      refused(
          verifier.verify(Stage.NAME, target, pull(SourceOptions.DEFAULT, "arm64")),
          OTHER_PART.toString());
      refused(verifier.verify(Stage.NAME, target), "there is none");
    }
  }

  @Test
  void signaturesAreFetchedAsTheImageIs() throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    Stage stage = new Stage(directory);
    stage.write("registries.d/all.yaml", "default-docker:\n  use-sigstore-attachments: true\n");
    stage.write("key", pem(pair));
    stage.policy("{'default':[{'type':'sigstoreSigned','keyPath':'$D/key'}]}");
    FakeSource source = new FakeSource();
    byte[] payload = Stage.claim(Claim.SIGSTORE, Stage.NAME.toString(), Stage.DIGEST.toString());
    source.attach(payload, sign(pair, "SHA256withECDSA", payload));
    SourceOptions own =
        new SourceOptions((_, _) -> Optional.empty(), Map.of("own", "header"), true, false, "");

    // When
    try (PolicyVerifier verifier = stage.verifier(source)) {
      assertTrue(verifier.verify(Stage.NAME, Stage.TARGET, pull(own)).ok());
    }

    // Then
    assertEquals(List.of(own), source.asked);
  }

  @Test
  void aSignatureThatCountedIsKnownWhileTheRegistryIsAway() throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    Stage stage = new Stage(directory);
    stage.write("registries.d/all.yaml", "default-docker:\n  use-sigstore-attachments: true\n");
    stage.write("key", pem(pair));
    stage.policy("{'default':[{'type':'sigstoreSigned','keyPath':'$D/key'}]}");
    FakeSource source = new FakeSource();
    byte[] payload = Stage.claim(Claim.SIGSTORE, Stage.NAME.toString(), Stage.DIGEST.toString());
    source.attach(payload, sign(pair, "SHA256withECDSA", payload));
    Path kept = directory.resolve("kept");
    assertTrue(judge(stage.verifier(source, kept), Stage.NAME.toString()).ok());

    // When
    source.images.clear();

    // Then
    assertTrue(judge(stage.verifier(source, kept), Stage.NAME.toString()).ok());
    refused(
        judge(stage.verifier(source, kept), "registry.example/some/image:other"), "there is none");

    // When
    stage.write("key", pem(KeyPairGenerator.getInstance("EC").generateKeyPair()));

    // Then
    refused(judge(stage.verifier(source, kept), Stage.NAME.toString()), "there is none");
  }

  private static String pem(KeyPair pair) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  private static byte[] sign(KeyPair pair, String algorithm, byte[] payload) throws Exception {
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(pair.getPrivate());
    signer.update(payload);
    return signer.sign();
  }

  /** A registry with one signature image. */
  private static final class FakeSource implements ImageSource {
    final Map<Digest, byte[]> blobs = new HashMap<>();
    final Map<String, Digest> images = new HashMap<>();
    final List<SourceOptions> asked = new ArrayList<>();

    void attach(byte[] payload, byte[] signature) {
      blobs.put(Digest.of(payload), payload);
      byte[] manifest =
          """
          {"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":%d,"digest":"%s",
          "annotations":{"dev.cosignproject.cosign/signature":"%s"}}]}\
          """
              .formatted(
                  payload.length, Digest.of(payload), Base64.getEncoder().encodeToString(signature))
              .getBytes(UTF_8);
      blobs.put(Digest.of(manifest), manifest);
      images.put(
          "registry.example/some/image:" + Stage.DIGEST.toString().replace(':', '-') + ".sig",
          Digest.of(manifest));
    }

    @Override
    public Repository open(ImageLocation name, SourceOptions options) {
      asked.add(options);
      Digest target = images.get(name.toString());
      if (target == null) {
        throw new NotFoundException("no " + name);
      }
      return new Repository() {
        @Override
        public Descriptor target() {
          return new Descriptor("application/vnd.oci.image.manifest.v1+json", target, 1);
        }

        @Override
        public InputStream fetch(Descriptor descriptor, long offset) {
          return new ByteArrayInputStream(blobs.get(descriptor.digest()));
        }

        @Override
        public void close() {}
      };
    }
  }
}
