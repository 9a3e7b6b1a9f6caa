package dev.carafe.engine.archive;

/**
 * A further name for images, as containerd's clients give it.
 *
 * @param prefix whether {@code name} lacks its tag or digest
 * @param allowOverwrite whether a full name that an image brings counts although it does not begin
 *     with {@code name}
 * @param addDigest whether {@code name} is completed by the digest
 * @param skipNamedDigest whether that is done only for images that got no other name
 */
public record ImageReference(
    String name,
    boolean prefix,
    boolean allowOverwrite,
    boolean addDigest,
    boolean skipNamedDigest) {}
