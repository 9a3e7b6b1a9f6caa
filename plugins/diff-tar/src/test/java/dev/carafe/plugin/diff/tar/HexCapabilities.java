package dev.carafe.plugin.diff.tar;

import java.util.HexFormat;

/** Values of {@code security.capability} (linux/capability.h, struct vfs_cap_data). */
final class HexCapabilities {
  /** Revision 2, effective, cap_net_raw permitted. */
  static final byte[] NET_RAW = HexFormat.of().parseHex("0100000200200000000000000000000000000000");

  private HexCapabilities() {}
}
