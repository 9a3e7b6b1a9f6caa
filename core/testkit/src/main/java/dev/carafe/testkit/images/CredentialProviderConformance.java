package dev.carafe.testkit.images;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.carafe.spi.errors.UnavailableException;
import dev.carafe.spi.images.CredentialProvider;
import dev.carafe.spi.images.CredentialProvider.Query;
import dev.carafe.spi.images.Credentials;
import dev.carafe.spi.images.ImageName;
import dev.carafe.testkit.LeakCheck;
import dev.carafe.testkit.Race;
import dev.carafe.testkit.WorkDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of {@link CredentialProvider} as tests. Subclass it and say how to open yours. Every
 * check has an id that is never used for another.
 */
@Timeout(60)
@ExtendWith(LeakCheck.class)
public abstract class CredentialProviderConformance {
  private static final String SECRET = "s3cret-of-the-test";
  private static final Credentials ANN = new Credentials.Basic("ann", SECRET);
  private static final Credentials BOB = new Credentials.Basic("bob", "another");

  /** Opens a provider that has exactly these credentials, by host. */
  protected abstract CredentialProvider open(
      Path directory, Map<String, Credentials.Basic> credentials) throws Exception;

  /**
   * Opens a provider whose store cannot be read, and has {@code secret} in it where it can have
   * anything.
   */
  protected abstract CredentialProvider broken(Path directory, String host, String secret)
      throws Exception;

  private CredentialProvider open(WorkDirectory work) throws Exception {
    return closed(
        work,
        open(
            work.path(),
            Map.of(
                "registry.example",
                (Credentials.Basic) ANN,
                "mirror.example:5000",
                (Credentials.Basic) BOB)));
  }

  private static CredentialProvider closed(WorkDirectory work, CredentialProvider provider) {
    if (provider instanceof AutoCloseable closeable) {
      work.closeLater(closeable);
    }
    return provider;
  }

  private static Query query(String host, String image) {
    return new Query(host, ImageName.parse(image));
  }

  private static Optional<Credentials> find(CredentialProvider provider, String host) {
    return provider.find(query(host, host + "/some/image:tag"));
  }

  @Test
  @DisplayName("CRED-FIND-01 a host's own credentials are found")
  void own(WorkDirectory work) throws Exception {
    CredentialProvider provider = open(work);
    assertEquals(Optional.of(ANN), find(provider, "registry.example"));
    assertEquals(Optional.of(BOB), find(provider, "mirror.example:5000"));
  }

  @Test
  @DisplayName("CRED-FIND-02 of other hosts nothing is known, however alike")
  void others(WorkDirectory work) throws Exception {
    CredentialProvider provider = open(work);
    for (String host :
        List.of(
            "other.example",
            "sub.registry.example",
            "registry.example.evil.test",
            "registry.example:5000",
            "mirror.example",
            "mirror.example:5001")) {
      assertEquals(Optional.empty(), find(provider, host), host);
    }
  }

  @Test
  @DisplayName("CRED-FIND-03 a mirror gets its own, never those of the host that it mirrors")
  void mirror(WorkDirectory work) throws Exception {
    CredentialProvider provider = open(work);
    String image = "registry.example/some/image:tag";
    assertEquals(Optional.of(BOB), provider.find(query("mirror.example:5000", image)));
    assertEquals(Optional.empty(), provider.find(query("unknown.example", image)));
  }

  @Test
  @DisplayName("CRED-CONC-01 many ask at once")
  void concurrent(WorkDirectory work) throws Exception {
    CredentialProvider provider = open(work);
    List<Callable<Optional<Credentials>>> calls = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String host = i % 2 == 0 ? "registry.example" : "mirror.example:5000";
      calls.add(() -> find(provider, host));
    }
    List<Race.Outcome<Optional<Credentials>>> outcomes = Race.run(calls);
    assertEquals(16, outcomes.stream().filter(Race.Outcome::succeeded).count());
  }

  @Test
  @DisplayName(
      "CRED-FAIL-01 what cannot be read is nothing or UnavailableException, without a secret")
  void unreadable(WorkDirectory work) throws Exception {
    CredentialProvider provider = closed(work, broken(work.path(), "registry.example", SECRET));
    try {
      assertEquals(Optional.empty(), find(provider, "registry.example"));
    } catch (UnavailableException e) {
      for (Throwable at = e; at != null; at = at.getCause()) {
        assertFalse(String.valueOf(at.getMessage()).contains(SECRET), "a secret in a message");
      }
    }
  }
}
