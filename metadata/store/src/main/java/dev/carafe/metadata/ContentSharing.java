package dev.carafe.metadata;

/** Whether a blob that one namespace has is there for others. */
public enum ContentSharing {
  /** It is, without being sent again. */
  SHARED,
  /**
   * It has to be sent in full by each namespace, unless one that has it carries the label {@code
   * containerd.io/namespace.shareable=true}. Stored once all the same.
   */
  ISOLATED
}
