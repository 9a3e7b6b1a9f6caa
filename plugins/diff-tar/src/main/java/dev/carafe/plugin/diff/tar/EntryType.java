package dev.carafe.plugin.diff.tar;

/** What a tar entry creates. */
enum EntryType {
  FILE,
  HARD_LINK,
  SYMLINK,
  CHARACTER_DEVICE,
  BLOCK_DEVICE,
  DIRECTORY,
  FIFO
}
