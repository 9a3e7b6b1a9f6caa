package dev.carafe.ctr.grpc;

import java.io.ByteArrayOutputStream;

/**
 * HPACK's Huffman code (RFC 7541, appendix B). It is canonical, so the lengths of its codes say
 * everything.
 */
final class Huffman {
  /** For each octet the length of its code, 'A' standing for 1. */
  private static final String LENGTHS =
      "MW\\\\\\\\\\\\\\X^\\\\^\\\\\\\\\\\\\\\\^\\\\\\\\\\\\\\\\\\FJJLMFHKJJHKHFFFEEEFFFFFFFGHOFLJMFGGGGGGGGGGGGGGGGGGGGGGHGHMSMNF"
          + "OEFEFEFFFEGGFFFEFGFEEFGGGGGOKNM\\TVTTVVVWVWWWWWXWXXVWXWWWWUVWVWWXVUTVVWWUWVVXUVWWUUVUWVWWTVVVWVV"
          + "WZZTSVWVYZZZ[[ZXYSUZ[[Z[XUUZZ\\[[[TXTUVUUWVVYYXXZWZ[ZZ[[[[[\\[[[[[Z";

  private static final int LONGEST = 30;
  private static final int[] FIRST_CODE = new int[LONGEST + 2];
  private static final int[] FIRST_SYMBOL = new int[LONGEST + 2];
  private static final int[] SYMBOLS = new int[256];

  static {
    int code = 0;
    int symbol = 0;
    for (int length = 1; length <= LONGEST; length++) {
      FIRST_CODE[length] = code;
      FIRST_SYMBOL[length] = symbol;
      for (int octet = 0; octet < 256; octet++) {
        if (LENGTHS.charAt(octet) - 'A' + 1 == length) {
          SYMBOLS[symbol++] = octet;
          code++;
        }
      }
      code <<= 1;
    }
    FIRST_SYMBOL[LONGEST + 1] = symbol;
  }

  private Huffman() {}

  static byte[] decode(byte[] bytes, int from, int to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream((to - from) * 2);
    int code = 0;
    int length = 0;
    for (int i = from; i < to; i++) {
      for (int bit = 7; bit >= 0; bit--) {
        code = code << 1 | (bytes[i] >> bit & 1);
        length++;
        if (length > LONGEST) {
          throw malformed();
        }
        int index = code - FIRST_CODE[length];
        int count = FIRST_SYMBOL[length + 1] - FIRST_SYMBOL[length];
        if (index >= 0 && index < count) {
          out.write(SYMBOLS[FIRST_SYMBOL[length] + index]);
          code = 0;
          length = 0;
        }
      }
    }
    // What is left over is padding: fewer than eight bits, all of them ones.
    if (length > 7 || code != (1 << length) - 1) {
      throw malformed();
    }
    return out.toByteArray();
  }

  private static StatusException malformed() {
    return new StatusException(StatusException.INTERNAL, "header is not well-formed Huffman code");
  }
}
