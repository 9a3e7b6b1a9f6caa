package dev.carafe.plugin.source.registry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates that this machine's administrator trusts: the distribution's bundle, as other
 * programs on the machine use it; without one, what comes with the JDK. Read again when the file
 * changes.
 */
final class SystemTrust {
  private static final Logger log = LoggerFactory.getLogger(SystemTrust.class);
  private static final int BUNDLE_LIMIT = 16 * 1024 * 1024;

  /** Debian, Fedora, openSUSE, RHEL 7, Alpine. */
  private static final List<Path> BUNDLES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private record Loaded(
      @Nullable Path file,
      @Nullable FileTime time,
      long size,
      List<X509Certificate> certificates) {}

  private final List<Path> bundles;
  private volatile @Nullable Loaded loaded;

  /**
   * @param environment {@code SSL_CERT_FILE} goes before the known places
   */
  SystemTrust(Map<String, String> environment) {
    String named = environment.getOrDefault("SSL_CERT_FILE", "");
    this.bundles = named.isEmpty() ? BUNDLES : List.of(Path.of(named));
  }

  /** The roots; the same list as before while nothing has changed. */
  List<X509Certificate> certificates() throws IOException, GeneralSecurityException {
    for (Path bundle : bundles) {
      BasicFileAttributes found;
      try {
        found = Files.readAttributes(bundle, BasicFileAttributes.class);
      } catch (IOException e) {
        continue;
      }
      Loaded known = loaded;
      if (known != null
          && bundle.equals(known.file)
          && found.lastModifiedTime().equals(known.time)
          && found.size() == known.size) {
        return known.certificates;
      }
      List<X509Certificate> certificates = read(bundle);
      if (!certificates.isEmpty()) {
        loaded = new Loaded(bundle, found.lastModifiedTime(), found.size(), certificates);
        return certificates;
      }
    }
    Loaded known = loaded;
    if (known == null || known.file != null) {
      known = new Loaded(null, null, 0, fromJdk());
      loaded = known;
    }
    return known.certificates;
  }

  private static List<X509Certificate> read(Path bundle) {
    try {
      return Pem.certificates(Pem.read(bundle, BUNDLE_LIMIT), true);
    } catch (IOException | GeneralSecurityException e) {
      log.warn("certificates in {}: {}", bundle, Redaction.text(e.getMessage()));
      return List.of();
    }
  }

  private static List<X509Certificate> fromJdk() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    List<X509Certificate> roots = new ArrayList<>();
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        roots.addAll(List.of(x509.getAcceptedIssuers()));
      }
    }
    return List.copyOf(roots);
  }
}
