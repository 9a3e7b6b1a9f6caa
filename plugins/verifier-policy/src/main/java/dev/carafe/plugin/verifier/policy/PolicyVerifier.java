package dev.carafe.plugin.verifier.policy;

import dev.carafe.oci.ImageDocument;
import dev.carafe.oci.MediaTypes;
import dev.carafe.oci.Platforms;
import dev.carafe.plugin.verifier.policy.KeptSignatures.Signature;
import dev.carafe.plugin.verifier.policy.Policy.AcceptAnything;
import dev.carafe.plugin.verifier.policy.Policy.Reject;
import dev.carafe.plugin.verifier.policy.Policy.Requirement;
import dev.carafe.plugin.verifier.policy.Policy.Signed;
import dev.carafe.plugin.verifier.policy.Policy.SignedBy;
import dev.carafe.plugin.verifier.policy.Policy.SignedIdentity;
import dev.carafe.plugin.verifier.policy.Policy.SigstoreSigned;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.FailedPreconditionException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageLocation;
import dev.carafe.spi.images.ImageName;
import dev.carafe.spi.images.ImageSource;
import dev.carafe.spi.images.ImageVerifier;
import dev.carafe.spi.images.SourceOptions;
import dev.carafe.spi.plugins.Reloadable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges by the policy as it is at that moment. A signature must be of what the name stands for,
 * or, where that is an index, of every manifest that is taken of it.
 */
final class PolicyVerifier implements ImageVerifier, Reloadable<PolicyConfig>, AutoCloseable {
  /** Each of them may need a few requests. */
  private static final int MANIFESTS = 32;

  private final @Nullable Attachments attachments;
  private final KeptSignatures kept;
  private volatile PolicyConfig config;
  private @Nullable Lookaside lookaside;

  PolicyVerifier(PolicyConfig config, @Nullable ImageSource source, KeptSignatures kept) {
    this.config = config;
    this.kept = kept;
    this.attachments = source == null ? null : new Attachments(source);
  }

  @Override
  public Verdict verify(ImageLocation location, Descriptor target) {
    return verify(location, target, Pull.UNKNOWN);
  }

  @Override
  public Verdict verify(ImageLocation location, Descriptor target, Pull pull) {
    PolicyConfig current = config;
    Path file = current.policy();
    if (Files.notExists(file) && file.equals(PolicyConfig.DEFAULT.policy())) {
      return new Verdict(true, "there is no " + file);
    }
    try {
      Policy policy = PolicyReader.read(Bounded.file(file, Bounded.POLICY));
      List<String> reasons = new ArrayList<>();
      for (Requirement requirement : policy.of(location)) {
        Verdict verdict =
            switch (requirement) {
              case AcceptAnything() -> new Verdict(true, "anything is accepted");
              case Reject() -> new Verdict(false, "the policy rejects it");
              case Signed signed ->
                  switch (location) {
                    case ImageName name -> signed(current, name, target, pull, signed);
                    case ImageFile _ ->
                        new Verdict(false, "a signature is required, and files have none");
                  };
            };
        if (!verdict.ok()) {
          return verdict;
        }
        reasons.add(verdict.reason());
      }
      return new Verdict(true, String.join(", ", reasons));
    } catch (PolicyException e) {
      throw new FailedPreconditionException("policy \"" + file + "\": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("\"" + location + "\": cancelled", e);
    }
  }

  private Verdict signed(
      PolicyConfig current, ImageName name, Descriptor target, Pull pull, Signed requirement)
      throws InterruptedException {
    Verdict whole = new Judgement(current, name, target.digest(), pull.source()).of(requirement);
    if (whole.ok() || !MediaTypes.isIndex(target.mediaType())) {
      return whole;
    }
    List<String> reasons = new ArrayList<>();
    for (Descriptor manifest : taken(target, pull)) {
      Verdict verdict =
          MediaTypes.isManifest(manifest.mediaType())
              ? new Judgement(current, name, manifest.digest(), pull.source()).of(requirement)
              : new Verdict(false, "is an index in an index");
      if (!verdict.ok()) {
        return new Verdict(
            false,
            "index: "
                + whole.reason()
                + "; manifest "
                + manifest.digest()
                + ": "
                + verdict.reason());
      }
      reasons.add(verdict.reason());
    }
    return reasons.isEmpty() ? whole : new Verdict(true, String.join(", ", reasons));
  }

  /** What a pull takes of an index; nothing if that cannot be known. */
  private static List<Descriptor> taken(Descriptor target, Pull pull) {
    List<Descriptor> readable;
    try {
      readable =
          ImageDocument.parse(target, pull.documents().read(target)).children().stream()
              .filter(child ->
                  MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType()))
              .toList();
    } catch (NotFoundException e) {
      return List.of();
    }
    List<Descriptor> taken =
        pull.platforms().isEmpty()
            ? readable
            : pull.platforms().stream()
                .flatMap(platform -> Platforms.choose(platform, readable).stream())
                .distinct()
                .toList();
    if (taken.size() > MANIFESTS) {
      throw new PolicyException(
          "index " + target.digest() + " has more than " + MANIFESTS + " manifests to judge");
    }
    return taken;
  }

  /** Looks at a signature and returns what was signed, or throws what is wrong with it. */
  private interface Opening {
    byte[] open(Signature signature);
  }

  private interface Fetch {
    List<Signature> signatures() throws InterruptedException;
  }

  /** One manifest or index before a requirement. */
  private final class Judgement {
    private final PolicyConfig current;
    private final ImageName name;
    private final ImageIdentity image;
    private final Digest manifest;
    private final SourceOptions source;

    Judgement(PolicyConfig current, ImageName name, Digest manifest, SourceOptions source) {
      this.source = source;
      this.current = current;
      this.name = name;
      this.image = ImageIdentity.of(name);
      this.manifest = manifest;
    }

    Verdict of(Signed requirement) throws InterruptedException {
      return switch (requirement) {
        case SignedBy by -> signedBy(by);
        case SigstoreSigned by -> sigstoreSigned(by);
      };
    }

    private Verdict signedBy(SignedBy by) throws InterruptedException {
      URI place = Registries.read(current.registriesDir()).of(image).lookaside();
      if (place == null) {
        return new Verdict(
            false, "no lookaside is configured in " + current.registriesDir() + " for " + image);
      }
      return judged(
          Claim.SIMPLE,
          by.identity(),
          signature -> by.keys().open(signature.payload(), Instant.now()),
          () -> lookaside(current).signatures(place, image, manifest));
    }

    private Verdict sigstoreSigned(SigstoreSigned by) throws InterruptedException {
      if (!Registries.read(current.registriesDir()).of(image).attachments()) {
        return new Verdict(
            false,
            "use-sigstore-attachments is not set in " + current.registriesDir() + " for " + image);
      }
      if (attachments == null) {
        throw new PolicyException("there is no image source to fetch signatures from");
      }
      return judged(
          Claim.SIGSTORE,
          by.identity(),
          signature -> {
            if (!by.keys().signed(signature.payload(), signature.signature())) {
              throw new PolicyException("signed by no key that is trusted");
            }
            return signature.payload();
          },
          () -> attachments.signatures(name, manifest, source));
    }

    /** By the signature that counted before if it still does, else by what can be fetched. */
    private Verdict judged(String type, SignedIdentity identity, Opening opening, Fetch fetch)
        throws InterruptedException {
      List<String> objections = new ArrayList<>();
      Optional<Signature> known = kept.find(type, name, manifest);
      if (known.isPresent()) {
        Verdict verdict = judged(type, identity, opening, known.get(), new ArrayList<>());
        if (verdict.ok()) {
          return verdict;
        }
      }
      for (Signature signature : fetch.signatures()) {
        Verdict verdict = judged(type, identity, opening, signature, objections);
        if (verdict.ok()) {
          kept.keep(type, name, manifest, signature);
          return verdict;
        }
      }
      return unsigned(objections);
    }

    private Verdict judged(
        String type,
        SignedIdentity identity,
        Opening opening,
        Signature signature,
        List<String> objections) {
      try {
        Claim claim = Claim.read(opening.open(signature), type);
        if (claim.covers(manifest, image, identity)) {
          return new Verdict(true, "signed as " + claim.reference());
        }
        objections.add("signed as " + claim.reference() + " with " + claim.digest());
      } catch (PolicyException e) {
        objections.add(e.getMessage());
      }
      return unsigned(objections);
    }

    private Verdict unsigned(List<String> objections) {
      return new Verdict(
          false,
          objections.isEmpty()
              ? "a signature is required, and there is none"
              : "no signature counts: " + String.join("; ", objections));
    }
  }

  /** Few policies ask for signatures of that kind: a client is made when one does. */
  private synchronized Lookaside lookaside(PolicyConfig current) {
    if (lookaside == null) {
      lookaside = new Lookaside(current.requestTimeout());
    }
    return lookaside;
  }

  @Override
  public synchronized void reload(PolicyConfig next) {
    config = next;
    close();
  }

  @Override
  public synchronized void close() {
    if (lookaside != null) {
      lookaside.close();
      lookaside = null;
    }
  }
}
