package dev.carafe.plugin.source.registry;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS contexts. The one without own settings lives as long as the system's certificates stay the
 * same, so that sessions are resumed from pull to pull; the others live for one pull.
 */
final class Tls {
  private final SystemTrust system;
  private volatile @Nullable Shared shared;

  /** The context without own settings, for these very roots. */
  private record Shared(List<X509Certificate> roots, SSLContext context) {}

  Tls(SystemTrust system) {
    this.system = system;
  }

  /**
   * @throws IOException if the settings cannot be used
   */
  SSLContext context(TlsSettings settings) throws IOException {
    try {
      if (!settings.equals(TlsSettings.DEFAULT)) {
        return create(settings, settings.skipVerify() ? List.of() : system.certificates());
      }
      List<X509Certificate> roots = system.certificates();
      Shared known = shared;
      if (known == null || known.roots != roots) {
        known = new Shared(roots, create(settings, roots));
        shared = known;
      }
      return known.context;
    } catch (GeneralSecurityException e) {
      throw new DialException("TLS: " + Redaction.text(e.getMessage()), e);
    }
  }

  private static SSLContext create(TlsSettings settings, List<X509Certificate> roots)
      throws GeneralSecurityException, IOException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys(settings.clients()), trust(settings, roots), new SecureRandom());
    return context;
  }

  private static TrustManager[] trust(TlsSettings settings, List<X509Certificate> roots)
      throws GeneralSecurityException, IOException {
    if (settings.skipVerify()) {
      return new TrustManager[] {new TrustEverything()};
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    if (roots.isEmpty() && settings.authorities().isEmpty()) {
      factory.init((KeyStore) null);
      return factory.getTrustManagers();
    }
    KeyStore store = emptyStore();
    int count = 0;
    for (X509Certificate root : roots) {
      store.setCertificateEntry("system-" + count++, root);
    }
    for (X509Certificate authority : settings.authorities()) {
      store.setCertificateEntry("configured-" + count++, authority);
    }
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager @Nullable [] keys(List<TlsSettings.Identity> clients)
      throws GeneralSecurityException, IOException {
    if (clients.isEmpty()) {
      return null;
    }
    KeyStore store = emptyStore();
    int count = 0;
    for (TlsSettings.Identity client : clients) {
      store.setKeyEntry(
          "client-" + count++,
          client.key(),
          new char[0],
          client.chain().toArray(X509Certificate[]::new));
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** For {@code skip_verify}: any certificate, any name. */
  private static final class TrustEverything extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
