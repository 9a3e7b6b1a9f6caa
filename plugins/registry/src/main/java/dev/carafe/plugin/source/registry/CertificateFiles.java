package dev.carafe.plugin.source.registry;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** The certificate files that a host's configuration names, read. */
final class CertificateFiles {
  private static final int FILES_LIMIT = 256;

  /** A client certificate and its key; the same file may hold both. */
  record Pair(Path certificate, Path key) {}

  /** Makes the error for a key and what is wrong with it. */
  interface Problem extends BiFunction<String, String, FailedPreconditionException> {}

  private CertificateFiles() {}

  static List<X509Certificate> authorities(List<Path> files, Problem problem, String key) {
    List<X509Certificate> authorities = new ArrayList<>();
    for (Path file : files) {
      List<X509Certificate> found = certificates(file, problem, key);
      authorities.addAll(found);
    }
    return authorities;
  }

  static List<TlsSettings.Identity> identities(List<Pair> pairs, Problem problem, String key) {
    List<TlsSettings.Identity> identities = new ArrayList<>();
    for (Pair pair : pairs) {
      List<X509Certificate> chain = certificates(pair.certificate, problem, key);
      try {
        identities.add(
            new TlsSettings.Identity(Pem.privateKey(Pem.read(pair.key), chain.getFirst()), chain));
      } catch (IOException | GeneralSecurityException e) {
        throw problem.apply(key, "\"" + pair.key + "\": " + reason(e));
      }
    }
    return identities;
  }

  /**
   * Docker's layout: {@code *.crt} are authorities, {@code NAME.cert} and {@code NAME.key} a client
   * certificate (Docker Engine documentation, "Verify repository client with certificates").
   */
  static TlsSettings docker(Path directory) {
    List<Path> authorities = new ArrayList<>();
    List<Pair> pairs = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      int count = 0;
      for (Path file : files) {
        if (++count > FILES_LIMIT) {
          throw new FailedPreconditionException(
              directory + ": more than " + FILES_LIMIT + " files");
        }
        String name = file.getFileName().toString();
        if (name.endsWith(".crt")) {
          authorities.add(file);
        } else if (name.endsWith(".cert")) {
          String key = name.substring(0, name.length() - ".cert".length()) + ".key";
          pairs.add(new Pair(file, directory.resolve(key)));
        }
      }
    } catch (IOException e) {
      throw new FailedPreconditionException(directory + ": cannot be read", e);
    }
    authorities.sort(null);
    pairs.sort((a, b) -> a.certificate.compareTo(b.certificate));
    Problem problem =
        (kind, text) -> new FailedPreconditionException(directory + ": " + kind + " " + text);
    return new TlsSettings(
        authorities(authorities, problem, "ca"), identities(pairs, problem, "client"), false);
  }

  private static List<X509Certificate> certificates(Path file, Problem problem, String key) {
    List<X509Certificate> found;
    try {
      found = Pem.certificates(Pem.read(file), false);
    } catch (IOException | GeneralSecurityException e) {
      throw problem.apply(key, "\"" + file + "\": " + reason(e));
    }
    if (found.isEmpty()) {
      throw problem.apply(key, "\"" + file + "\": has no certificate");
    }
    return found;
  }

  private static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException missing -> "not found";
      case IOException io -> "cannot be read: " + Redaction.text(io.getMessage());
      default -> Redaction.text(e.getMessage());
    };
  }
}
