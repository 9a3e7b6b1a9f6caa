/**
 * A snapshotter whose layers share equal files. Start at {@link
 * com.example.hardlink.HardlinkSnapshotter}; {@link com.example.hardlink.HardlinkFactory} is what
 * the daemon finds.
 */
package com.example.hardlink;
