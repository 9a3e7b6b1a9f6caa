package dev.carafe.daemon;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Lets only clients call whose certificate has a certain name. */
final class ClientName implements ServerInterceptor {
  private static final int DNS = 2;

  private final String name;

  ClientName(String name) {
    this.name = name;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    if (isNamed(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION))) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.UNAUTHENTICATED.withDescription("the client's certificate has another name"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private boolean isNamed(@Nullable SSLSession session) {
    try {
      Certificate[] chain = session == null ? new Certificate[0] : session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate leaf && isNamed(leaf);
    } catch (SSLPeerUnverifiedException | CertificateParsingException | InvalidNameException e) {
      return false;
    }
  }

  private boolean isNamed(X509Certificate leaf)
      throws CertificateParsingException, InvalidNameException {
    Collection<List<?>> names = leaf.getSubjectAlternativeNames();
    if (names != null) {
      for (List<?> alternative : names) {
        if (alternative.getFirst().equals(DNS) && name.equals(alternative.get(1))) {
          return true;
        }
      }
    }
    for (Rdn part : new LdapName(leaf.getSubjectX500Principal().getName()).getRdns()) {
      if (part.getType().equalsIgnoreCase("CN") && name.equals(part.getValue())) {
        return true;
      }
    }
    return false;
  }
}
