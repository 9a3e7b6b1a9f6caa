package dev.carafe.plugin.source.registry;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.errors.OutOfRangeException;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** One image at its registry and the registry's mirrors. */
final class RegistryRepository implements ImageSource.Repository {
  private final ImageName name;
  private final List<HostSession> hosts;
  private final Attempts attempts;
  private final Timing timing;
  private final ManifestResolver.Resolved resolved;

  private RegistryRepository(
      ImageName name,
      List<HostSession> hosts,
      Attempts attempts,
      Timing timing,
      ManifestResolver.Resolved resolved) {
    this.name = name;
    this.hosts = hosts;
    this.attempts = attempts;
    this.timing = timing;
    this.resolved = resolved;
  }

  /**
   * Resolves the name. Takes the hosts over: they are closed with the repository, or at once where
   * this fails.
   */
  static RegistryRepository open(
      ImageName name, List<HostSession> hosts, Timing timing, Pause pause) {
    Attempts attempts = new Attempts(timing, pause);
    ManifestResolver resolver = new ManifestResolver(name);
    // A tag is taken from hosts that may say what it stands for; a digest says it itself.
    RegistryHost.Capability needed =
        name.digest() == null ? RegistryHost.Capability.RESOLVE : RegistryHost.Capability.PULL;
    boolean done = false;
    try {
      ManifestResolver.Resolved resolved =
          attempts.run(
              "image \"" + name + "\"",
              hosts.stream().filter(host -> host.may(needed)).toList(),
              resolver::resolve);
      done = true;
      return new RegistryRepository(name, hosts, attempts, timing, resolved);
    } finally {
      if (!done) {
        hosts.forEach(HostSession::close);
      }
    }
  }

  @Override
  public Descriptor target() {
    return resolved.target();
  }

  @Override
  public InputStream fetch(Descriptor descriptor, long offset) {
    String what = "image \"" + name + "\": " + descriptor.digest();
    if (offset < 0 || offset > descriptor.size()) {
      throw new OutOfRangeException(
          what + ": offset " + offset + " is not within its " + descriptor.size() + " bytes");
    }
    if (offset == descriptor.size()) {
      return InputStream.nullInputStream();
    }
    Optional<byte[]> known = resolved.bytes();
    if (known.isPresent()
        && descriptor.digest().equals(target().digest())
        && descriptor.size() == target().size()) {
      byte[] bytes = known.get();
      return new ByteArrayInputStream(bytes, (int) offset, bytes.length - (int) offset);
    }
    return BlobStream.open(
        what,
        name.repository(),
        descriptor,
        offset,
        hosts.stream().filter(host -> host.may(RegistryHost.Capability.PULL)).toList(),
        attempts,
        timing.retries());
  }

  /** Breaks off what is under way, and does not wait for it. */
  @Override
  public void close() {
    hosts.forEach(HostSession::close);
  }
}
