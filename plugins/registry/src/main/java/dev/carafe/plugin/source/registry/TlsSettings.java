package dev.carafe.plugin.source.registry;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What one host's configuration says about TLS.
 *
 * @param authorities trusted besides the system's
 * @param clients shown to a host that asks
 * @param skipVerify whether neither certificate nor host name is checked
 */
record TlsSettings(List<X509Certificate> authorities, List<Identity> clients, boolean skipVerify) {
  static final TlsSettings DEFAULT = new TlsSettings(List.of(), List.of(), false);

  TlsSettings {
    authorities = List.copyOf(authorities);
    clients = List.copyOf(clients);
  }

  /** A client certificate with what leads to its root, and its key. */
  record Identity(PrivateKey key, List<X509Certificate> chain) {
    Identity {
      chain = List.copyOf(chain);
    }

    @Override
    public String toString() {
      return "Identity[" + chain.getFirst().getSubjectX500Principal() + "]";
    }
  }
}
