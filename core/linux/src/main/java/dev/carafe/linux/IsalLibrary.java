package dev.carafe.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * The inflate functions of ISA-L's libisal.so.2, offered only after they have decompressed a known
 * file, piece by piece: what is known here of its structure's layout is no part of its interface.
 */
record IsalLibrary(NativeCall init, NativeCall reset, NativeCall inflate) {
  private static final String NAME = "libisal.so.2";

  /** Two members: 600 bytes that need dynamic codes, then "carafe\n" stored. */
  private static final String TEST =
      "H4sIAAAAAAAA/y2RywEDQQhCa8XPbP8d5IHJIbMqCqKqpflU/PdIXUuiuntXhPuI+L3hmXmp7SyPpoD0kHZN"
          + "RdFtjGIY0MoYd5iEqAQRDbARTIGs2Xa7TO6Zas8kMO2SoTZogcEDDNoky0hEw+coLcj1DtLuCX2GqE8DWmja"
          + "JPVngMNA9edwzODp7pjxYjA8J/kw52yFb420nHPJ4p22BTSEYU/Z7hd7Jnzdz3x/eyZA08cJkBBle1KmtRgL"
          + "rNzB0Pe/TshzOACdpd8XTKZMFkM8w3l0q3hpYzaRL2ZluuMwLB6Y3f068+8c70zpHC6nwqsczobQcOU8tuoH"
          + "FKXSvlgCAAAfiwgAAAAAAAD/AQcA+P9jYXJhZmUKXrcXUAcAAAA=";

  static Optional<IsalLibrary> instance() {
    return Instance.INSTANCE;
  }

  private static Optional<IsalLibrary> load() {
    SymbolLookup lookup;
    try {
      lookup = SymbolLookup.libraryLookup(NAME, Arena.global());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    return lookup
        .find("isal_inflate_init")
        .flatMap(init ->
            lookup
                .find("isal_inflate_reset")
                .flatMap(reset ->
                    lookup
                        .find("isal_inflate")
                        .map(inflate ->
                            new IsalLibrary(
                                NativeCall.of("isal_inflate_init", init),
                                NativeCall.of("isal_inflate_reset", reset),
                                NativeCall.of("isal_inflate", inflate)))))
        .filter(IsalLibrary::works);
  }

  private boolean works() {
    byte[] file = Base64.getDecoder().decode(TEST);
    return works(file, file.length, 4096) && works(file, 1, 100);
  }

  /** Decompresses the test file {@code step} bytes at a time into {@code room} bytes at a time. */
  private boolean works(byte[] file, int step, int room) {
    byte[] text = new byte[4096];
    int length = 0;
    try (var inflater = new GzipInflater(new IsalInflater(this))) {
      for (int at = 0; at < file.length; at += step) {
        ByteBuffer in = ByteBuffer.wrap(file, at, Math.min(step, file.length - at));
        int count;
        do {
          count =
              inflater.inflate(
                  in, ByteBuffer.wrap(text, length, Math.min(room, text.length - length)));
          length += count;
        } while (count > 0);
      }
      return inflater.finished() && Arrays.equals(expected(), Arrays.copyOf(text, length));
    } catch (InflateException | IllegalArgumentException e) {
      return false;
    }
  }

  /** What the test file holds: the bytes of a small pseudo-random sequence, then a word. */
  static byte[] expected() {
    byte[] text = new byte[607];
    int state = 1;
    for (int i = 0; i < 600; i++) {
      state = state * 1103515245 + 12345;
      text[i] = (byte) ('a' + (state >>> 28) % (i % 7 + 1));
    }
    byte[] word = {'c', 'a', 'r', 'a', 'f', 'e', '\n'};
    System.arraycopy(word, 0, text, 600, word.length);
    return text;
  }

  private static final class Instance {
    static final Optional<IsalLibrary> INSTANCE = load();
  }
}
