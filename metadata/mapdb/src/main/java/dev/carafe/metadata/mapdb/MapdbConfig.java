package dev.carafe.metadata.mapdb;

/**
 * Sizes of the metadata database, in bytes.
 *
 * @param journalBytes a checkpoint begins when the journal has grown by this much, or by a quarter
 *     of the last checkpoint where that is more; bounds the replay at the next start
 * @param extentBytes by how much the journal is preallocated at a time
 * @param reserveBytes part of what is preallocated that is kept for transactions that chiefly
 *     delete, so that space can be freed on a full disk
 * @param transactionBytes largest transaction: the sum of its keys and values
 */
public record MapdbConfig(
    long journalBytes, int extentBytes, int reserveBytes, int transactionBytes) {
  public static final MapdbConfig DEFAULT = new MapdbConfig(2 << 20, 1 << 20, 256 << 10, 32 << 20);

  public MapdbConfig {
    require(journalBytes >= 4096 && journalBytes <= 256 << 20, "journal_bytes", journalBytes);
    require(extentBytes >= 4096 && extentBytes <= 64 << 20, "extent_bytes", extentBytes);
    require(reserveBytes >= 512 && reserveBytes <= extentBytes / 2, "reserve_bytes", reserveBytes);
    require(
        transactionBytes >= 4096 && transactionBytes <= 64 << 20,
        "transaction_bytes",
        transactionBytes);
  }

  private static void require(boolean valid, String name, long value) {
    if (!valid) {
      throw new IllegalArgumentException(name + " = " + value + " is out of range");
    }
  }
}
