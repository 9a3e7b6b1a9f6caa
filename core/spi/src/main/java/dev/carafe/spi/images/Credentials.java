package dev.carafe.spi.images;

/** Proof of identity for one registry host. Never logged. */
public sealed interface Credentials {
  /** User and password. */
  record Basic(String user, String password) implements Credentials {
    @Override
    public String toString() {
      return "Basic[user=" + user + "]";
    }
  }

  /** An OAuth2 refresh (identity) token. */
  record RefreshToken(String token) implements Credentials {
    @Override
    public String toString() {
      return "RefreshToken[]";
    }
  }

  /** A ready {@code Authorization} header value. */
  record Header(String value) implements Credentials {
    @Override
    public String toString() {
      return "Header[]";
    }
  }
}
