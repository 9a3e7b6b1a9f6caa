package dev.carafe.plugin.diff.tar;

/** A layer that is applied without its parent needs something that only the parent has. */
final class ParentMissing extends RuntimeException {
  private static final long serialVersionUID = 1L;
  static final ParentMissing INSTANCE = new ParentMissing();

  private ParentMissing() {
    super("only the parent has it", null, false, false);
  }
}
