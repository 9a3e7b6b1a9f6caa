package dev.carafe.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One hash function of libcrypto: its plain form, whose state is a structure of the caller's
 * ({@code SHA256_CTX}, {@code SHA512_CTX}; the same since version 0.9.8). Offered only after it has
 * hashed known bytes as the JDK does.
 *
 * @param name the JDK's name
 * @param length bytes of the result
 */
record CryptoHash(String name, int length, NativeCall init, NativeCall update, NativeCall end) {
  /** 112 and 216 bytes are used. */
  static final long STATE = 512;

  private static final List<String> LIBRARIES = List.of("libcrypto.so.3", "libcrypto.so.1.1");

  /** By the JDK's name. */
  static Optional<CryptoHash> of(String name) {
    return Optional.ofNullable(Instances.ALL.get(name));
  }

  private static Map<String, CryptoHash> load() {
    for (String library : LIBRARIES) {
      SymbolLookup lookup;
      try {
        lookup = SymbolLookup.libraryLookup(library, Arena.global());
      } catch (IllegalArgumentException e) {
        continue;
      }
      return Stream.of(bind(lookup, "SHA-256", 32, "SHA256"), bind(lookup, "SHA-512", 64, "SHA512"))
          .flatMap(Optional::stream)
          .filter(CryptoHash::works)
          .collect(Collectors.toUnmodifiableMap(CryptoHash::name, hash -> hash));
    }
    return Map.of();
  }

  private static Optional<CryptoHash> bind(
      SymbolLookup lookup, String name, int length, String prefix) {
    Optional<MemorySegment> init = lookup.find(prefix + "_Init");
    Optional<MemorySegment> update = lookup.find(prefix + "_Update");
    Optional<MemorySegment> end = lookup.find(prefix + "_Final");
    if (init.isEmpty() || update.isEmpty() || end.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new CryptoHash(
            name,
            length,
            NativeCall.of(prefix + "_Init", init.get()),
            NativeCall.of(prefix + "_Update", update.get()),
            NativeCall.of(prefix + "_Final", end.get())));
  }

  /** Hashes 300 bytes in pieces; the state must have stayed in its place. */
  private boolean works() {
    byte[] bytes = new byte[300];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7);
    }
    CryptoDigest own = new CryptoDigest(this);
    own.update(bytes, 0, 1);
    own.update(ByteBuffer.allocateDirect(299).put(bytes, 1, 299).flip());
    try {
      return own.staysInside()
          && MessageDigest.isEqual(own.digest(), MessageDigest.getInstance(name).digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      return false;
    }
  }

  private static final class Instances {
    static final Map<String, CryptoHash> ALL = load();
  }
}
