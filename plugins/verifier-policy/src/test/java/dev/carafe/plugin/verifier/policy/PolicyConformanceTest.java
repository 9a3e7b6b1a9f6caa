package dev.carafe.plugin.verifier.policy;

import com.sun.net.httpserver.HttpServer;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.testkit.images.ImageVerifierConformance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** The whole conformance suite. */
class PolicyConformanceTest extends ImageVerifierConformance {
  private @Nullable HttpServer silent;

  @AfterEach
  void stop() {
    if (silent != null) {
      silent.stop(0);
    }
  }

  @Override
  protected ImageVerifier open(Path directory, Policy policy) throws IOException {
    Stage stage = new Stage(directory);
    Gpg signer = Gpg.signer();
    String signed = "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'$D/key'}]}";
    stage.write("key", signer.publicKey());
    switch (policy) {
      case ACCEPT -> stage.policy("{'default':[{'type':'insecureAcceptAnything'}]}");
      case REFUSE -> stage.policy("{'default':[{'type':'reject'}]}");
      case BROKEN -> stage.policy("{'default':[{'type':'reject'}],'more':{}}");
      case ONLY_ONE -> {
        stage.policy(signed);
        stage.signature(1, signer.sign(Stage.claim("registry.example/some/image:tag")));
      }
      case HANG -> {
        stage.policy(signed);
        HttpServer server =
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {});
        server.start();
        silent = server;
        stage.write(
            "registries.d/all.yaml",
            "default-docker:\n  lookaside: http://127.0.0.1:" + server.getAddress().getPort());
      }
    }
    return stage.verifier();
  }
}
