package dev.carafe.plugin.images.archive;

/** How bytes are packed, by their first ones. */
enum Packing {
  NONE,
  GZIP,
  ZSTD;

  static Packing of(byte[] start) {
    if (start.length >= 2 && (start[0] & 0xff) == 0x1f && (start[1] & 0xff) == 0x8b) {
      return GZIP;
    }
    if (start.length >= 4
        && (start[0] & 0xff) == 0x28
        && (start[1] & 0xff) == 0xb5
        && (start[2] & 0xff) == 0x2f
        && (start[3] & 0xff) == 0xfd) {
      return ZSTD;
    }
    return NONE;
  }
}
