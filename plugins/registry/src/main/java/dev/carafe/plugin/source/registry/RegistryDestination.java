package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.images.ImageDestination;
import dev.carafe.spi.images.ImageName;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A repository at the one host that takes pushes for it. */
final class RegistryDestination implements ImageDestination {
  private final ImageName name;
  private final HostSession host;
  private final List<HostSession> all;
  private final Attempts attempts;
  private final Timing timing;
  private final long uploadChunk;

  private RegistryDestination(
      ImageName name,
      HostSession host,
      List<HostSession> all,
      Attempts attempts,
      Timing timing,
      long uploadChunk) {
    this.name = name;
    this.host = host;
    this.all = all;
    this.attempts = attempts;
    this.timing = timing;
    this.uploadChunk = uploadChunk;
  }

  /**
   * Takes the hosts over: they are closed with the destination, or at once where this fails. Asks
   * nothing yet.
   */
  static RegistryDestination open(
      ImageName name, List<HostSession> hosts, Timing timing, Pause pause, long uploadChunk) {
    Optional<HostSession> host =
        hosts.stream().filter(candidate -> candidate.may(RegistryHost.Capability.PUSH)).findFirst();
    if (host.isEmpty()) {
      hosts.forEach(HostSession::close);
      throw new FailedPreconditionException(
          "image \"" + name + "\": no configured host takes pushes");
    }
    return new RegistryDestination(
        name, host.get(), hosts, new Attempts(timing, pause), timing, uploadChunk);
  }

  @Override
  public Outcome push(Descriptor blob, Content content, List<String> elsewhere) {
    String what = what(blob);
    if (exists(what, "/" + name.repository() + "/blobs/" + blob.digest(), blob)) {
      return Outcome.EXISTED;
    }
    BlobUpload upload =
        new BlobUpload(what, name.repository(), blob, content, host, attempts, timing, uploadChunk);
    return upload.run(
        elsewhere.stream().filter(other -> !other.equals(name.repository())).toList());
  }

  @Override
  public Outcome push(Descriptor manifest, byte[] bytes, boolean named) {
    String reference =
        named && name.digest() == null ? name.reference() : manifest.digest().toString();
    String path = "/" + name.repository() + "/manifests/" + reference;
    String what = what(manifest);
    if (named && name.digest() != null && !manifest.digest().equals(name.digest())) {
      throw new InvalidArgumentException(what + " is not what the name says");
    }
    if (exists(what, path, manifest)) {
      return Outcome.EXISTED;
    }
    Headers type = Headers.builder().add("Content-Type", manifest.mediaType()).build();
    return attempts.run(
        what,
        List.of(host),
        (session, budget) -> {
          try (Reply reply = session.change("PUT", path, type, RequestBody.of(bytes))) {
            if (reply.status() != 201 && reply.status() != 200 && reply.status() != 202) {
              throw Failures.of(reply, "", budget.part(timing.header()));
            }
            checkDigest(reply, manifest);
            return Outcome.UPLOADED;
          }
        });
  }

  /** Whether the very same thing is there; a host that does not say gets it again. */
  private boolean exists(String what, String path, Descriptor descriptor) {
    return attempts.run(
        what,
        List.of(host),
        (session, budget) -> {
          Headers accept =
              ManifestResolver.isManifest(descriptor.mediaType())
                  ? ManifestResolver.ACCEPT
                  : Headers.builder().add("Accept", "*/*").build();
          try (Reply head = session.ask("HEAD", path, accept, budget)) {
            if (head.status() == 200) {
              return isSame(head, path, descriptor);
            }
            HostFailure failure = Failures.of(head, "", budget);
            if (failure.mayPass() || head.status() == 401) {
              throw failure;
            }
            // No such repository yet, or reading is not allowed where writing is.
            return false;
          }
        });
  }

  private static boolean isSame(Reply head, String path, Descriptor descriptor) throws IOException {
    List<String> length = head.headers().all("Content-Length");
    boolean otherSize = !length.isEmpty() && Wire.length(length) != descriptor.size();
    Optional<String> digest = head.headers().first("Docker-Content-Digest");
    boolean byDigest = path.endsWith(descriptor.digest().hex());
    return digest
        .map(value -> value.equals(descriptor.digest().toString()))
        .orElse(byDigest && !otherSize);
  }

  private static void checkDigest(Reply reply, Descriptor descriptor) throws HostFailure {
    Optional<String> digest = reply.headers().first("Docker-Content-Digest");
    if (digest.isPresent() && !digest.get().equals(descriptor.digest().toString())) {
      throw HostFailure.lasting(
          HostFailure.Kind.DATA_LOSS,
          "took " + Redaction.text(digest.get()) + " for " + descriptor.digest());
    }
  }

  private String what(Descriptor descriptor) {
    return "push of \"" + name + "\": " + descriptor.digest();
  }

  @Override
  public void close() {
    all.forEach(HostSession::close);
  }
}
