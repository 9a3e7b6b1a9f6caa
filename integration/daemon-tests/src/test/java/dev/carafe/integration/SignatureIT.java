package dev.carafe.integration;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pulls under a {@code policy.json} that asks for signatures. */
@ExtendWith(LeakCheck.class)
class SignatureIT {
  private static TestDaemon daemon(Lab lab, String requirement, String registries)
      throws IOException {
    Path directory = lab.directory("registries.d");
    Files.writeString(directory.resolve("test.yaml"), registries);
    Path policy = lab.work().resolve("policy.json");
    Files.writeString(policy, "{\"default\":[" + requirement + "]}");
    return lab.daemon(
        """
        [plugins."io.containerd.image-verifier.v1.policy"]
        policy = "%s"
        registries_dir = "%s"
        """
            .formatted(policy, directory));
  }

  @Test
  void anImageThatSkopeoSignedIsPulledAndAnUnsignedOneIsNot(Lab lab) throws Exception {
    // Given
    Path home = lab.directory("gnupg");
    Program.of("chmod", "700", home.toString()).run().ok();
    lab.closeLater(
        () -> Program.of("gpgconf", "--homedir", home.toString(), "--kill", "all").run().ok());
    gpg(home, "--quick-generate-key", "signer@example", "ed25519", "sign", "never");
    Path key = lab.work().resolve("key.asc");
    Files.writeString(key, gpg(home, "--armor", "--export", "signer@example"));
    String registries =
        "default-docker:\n  lookaside: file://%s\n  lookaside-staging: file://%s\n  sigstore: file://%s\n  sigstore-staging: file://%s\n"
            .replace("%s", lab.directory("lookaside").toString());
    TestDaemon daemon =
        daemon(
            lab,
            "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"" + key + "\"}",
            registries);
    String unsigned = ImageStock.busybox().name();
    String signed = unsigned.replaceAll(":[^:/]*$", "") + "-signed:latest";

    // When
    Program.of(
            "skopeo",
            "--registries.d",
            lab.work().resolve("registries.d").toString(),
            "copy",
            "--insecure-policy",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
            "--sign-by",
            "signer@example",
            "docker://" + unsigned,
            "docker://" + signed)
        .with("GNUPGHOME", home.toString())
        .run()
        .ok();

    // Then
    daemon.carafe().ok("pull", "--quiet", signed);
    String error = daemon.carafe().run("pull", "--quiet", unsigned).oneLineError();
    assertTrue(error.contains("a signature is required, and there is none"), error);
    assertEquals(List.of(signed), daemon.carafe().lines("images", "ls", "-q"));

    // When
    Cri cri = Cri.of(lab, daemon);
    String image = cri.pull(signed);
    Program.of("rm", "-r", lab.work().resolve("lookaside").toString()).run().ok();

    // Then
    cri.create(cri.run("p1", 0), "c1", image, "true");
    assertThrows(StatusRuntimeException.class, () -> cri.pull(unsigned));
  }

  @Test
  void anImageThatHasBeenForbiddenSinceItsPullMakesNoContainer(Lab lab) throws Exception {
    // Given
    Cri cri = Cri.of(lab, daemon(lab, "{\"type\":\"insecureAcceptAnything\"}", ""));
    String image = cri.pull();
    String pod = cri.run("p1", 0);
    cri.create(pod, "c1", image, "true");

    // When
    Files.writeString(lab.work().resolve("policy.json"), "{\"default\":[{\"type\":\"reject\"}]}");

    // Then
    StatusRuntimeException refusal =
        assertThrows(StatusRuntimeException.class, () -> cri.create(pod, "c2", image, "true"));
    assertEquals(Status.Code.PERMISSION_DENIED, refusal.getStatus().getCode());
    assertTrue(refusal.getMessage().contains("the policy rejects it"), refusal::getMessage);
  }

  private static String gpg(Path home, String... words) {
    List<String> all =
        new ArrayList<>(
            List.of("--homedir", home.toString(), "--batch", "--passphrase", "", "--quiet"));
    all.addAll(List.of(words));
    return Program.of(Setup.tool("gpg"), all).run().ok();
  }

  @Test
  void sigstoresSignatureBesideTheImageCounts(Lab lab) throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    ImageStock.Stocked image =
        ImageStock.pushed("sigstore-signed", () -> TestImage.of(ImageStock.busyboxLayer()));
    TestDaemon daemon = sigstore(lab, pair);

    // When
    String error = daemon.carafe().run("pull", "--quiet", image.name()).oneLineError();

    // Then
    assertTrue(error.contains("a signature is required, and there is none"), error);

    // When
    attach(pair, image.name());

    // Then
    daemon.carafe().ok("pull", "--quiet", image.name());
  }

  /** A daemon that takes only what sigstore's key has signed. */
  private static TestDaemon sigstore(Lab lab, KeyPair pair) throws IOException {
    String pem =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
            + "\n-----END PUBLIC KEY-----\n";
    return daemon(
        lab,
        """
        {"type":"sigstoreSigned","keyData":"%s","signedIdentity":{"type":"matchRepository"}}\
        """
            .formatted(Base64.getEncoder().encodeToString(pem.getBytes(UTF_8))),
        "default-docker:\n  use-sigstore-attachments: true\n");
  }

  @Test
  void ofAnIndexThatNobodySignedOnlyASignedPlatformIsPulled(Lab lab) throws Exception {
    // Given
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    TestImage one = TestImage.of(ImageStock.randomLayers(1, 10_000, 71)).on("amd64");
    TestImage other = TestImage.of(ImageStock.randomLayers(1, 10_000, 72)).on("arm64");
    String index = TestRegistry.shared().pushIndex(List.of(one, other), "sigstore-index");
    Carafe carafe = sigstore(lab, pair).carafe();

    // When
    attach(pair, index, one.manifestDigest());

    // Then
    carafe.ok("pull", "--quiet", "--no-unpack", "--platform", "linux/amd64", index);
    for (String wanted : List.of("--platform=linux/arm64", "--all-platforms")) {
      String error = carafe.run("pull", "--quiet", "--no-unpack", wanted, index).oneLineError();
      assertTrue(error.contains(other.manifestDigest()), error);
    }
  }

  /** Signs as cosign does: an image with the payload as its layer. */
  private static void attach(KeyPair pair, String name) throws Exception {
    String host = name.substring(0, name.indexOf('/'));
    String repository = name.substring(name.indexOf('/') + 1, name.lastIndexOf(':'));
    attach(pair, name, head(host, repository, name.substring(name.lastIndexOf(':') + 1)));
  }

  private static void attach(KeyPair pair, String name, String digest) throws Exception {
    String host = name.substring(0, name.indexOf('/'));
    String repository = name.substring(name.indexOf('/') + 1, name.lastIndexOf(':'));
    byte[] payload =
        """
        {"critical":{"identity":{"docker-reference":"%s/%s"},"image":{"docker-manifest-digest":"%s"},\
        "type":"cosign container image signature"},"optional":null}\
        """
            .formatted(host, repository, digest)
            .getBytes(UTF_8);
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(pair.getPrivate());
    signer.update(payload);
    String signature = Base64.getEncoder().encodeToString(signer.sign());
    byte[] config = "{}".getBytes(UTF_8);
    for (byte[] blob : List.of(payload, config)) {
      upload(host, repository, blob);
    }
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":%d,"digest":"%s"},
         "layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","size":%d,"digest":"%s",
           "annotations":{"dev.cosignproject.cosign/signature":"%s"}}]}\
        """
            .formatted(
                config.length,
                Digests.sha256(config),
                payload.length,
                Digests.sha256(payload),
                signature);
    HttpRequest put =
        HttpRequest.newBuilder(
                URI.create(
                    "http://%s/v2/%s/manifests/%s.sig"
                        .formatted(host, repository, digest.replace(':', '-'))))
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .PUT(HttpRequest.BodyPublishers.ofString(manifest))
            .build();
    assertEquals(201, send(put).statusCode());
  }

  private static String head(String host, String repository, String tag) throws Exception {
    HttpRequest head =
        HttpRequest.newBuilder(
                URI.create("http://%s/v2/%s/manifests/%s".formatted(host, repository, tag)))
            .header(
                "Accept",
                "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json")
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    return send(head).headers().firstValue("Docker-Content-Digest").orElseThrow();
  }

  private static void upload(String host, String repository, byte[] blob) throws Exception {
    HttpRequest post =
        HttpRequest.newBuilder(
                URI.create("http://%s/v2/%s/blobs/uploads/".formatted(host, repository)))
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    String location = send(post).headers().firstValue("Location").orElseThrow();
    HttpRequest put =
        HttpRequest.newBuilder(
                URI.create(
                    location
                        + (location.contains("?") ? "&" : "?")
                        + "digest="
                        + Digests.sha256(blob)))
            .PUT(HttpRequest.BodyPublishers.ofByteArray(blob))
            .build();
    assertEquals(201, send(put).statusCode());
  }

  private static HttpResponse<String> send(HttpRequest request) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    }
  }
}
