package dev.carafe.metadata;

import dev.carafe.spi.errors.FailedPreconditionException;
import java.util.List;
import java.util.UUID;

/** Brings a database to the schema of this daemon, one durable step at a time. */
final class Migrations {
  /** From one version of {@link Schema} to the next, in one transaction. */
  @FunctionalInterface
  interface Step {
    void apply(Change change);
  }

  /** The step at position n leads from version n + 1 to n + 2. */
  static final List<Step> STEPS = List.of();

  private Migrations() {}

  /**
   * Creates the schema or brings it up to date.
   *
   * @return whether the database was new
   * @throws FailedPreconditionException if it belongs to a newer daemon
   */
  static boolean run(Ledger ledger, List<Step> steps) {
    int newest = steps.size() + 1;
    long found = ledger.view(tx -> Facts.number(tx, Facts.SCHEMA));
    if (found > newest) {
      throw new FailedPreconditionException(
          "metadata has schema " + found + ", and this daemon knows none newer than " + newest);
    }
    if (found == 0) {
      ledger.maintain(change -> {
        Facts.setText(change.tx(), Facts.ID, UUID.randomUUID().toString());
        Facts.setNumber(change.tx(), Facts.SCHEMA, newest);
        return null;
      });
      return true;
    }
    for (long version = found; version < newest; version++) {
      Step step = steps.get((int) version - 1);
      long next = version + 1;
      ledger.maintain(change -> {
        step.apply(change);
        Facts.setNumber(change.tx(), Facts.SCHEMA, next);
        return null;
      });
    }
    return false;
  }
}
