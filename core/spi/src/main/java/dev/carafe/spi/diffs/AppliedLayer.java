package dev.carafe.spi.diffs;

import dev.carafe.spi.content.Digest;

/**
 * What came of applying a layer.
 *
 * @param diffId digest of the uncompressed archive
 * @param size bytes of the uncompressed archive
 * @param needsParent true only with {@link Whiteouts#OVERLAY}: an entry leans on a file or
 *     directory that only a parent has (a hard link's target, a directory without an entry of its
 *     own), so the result is not right: apply the layer again on a mount that shows the parent
 */
public record AppliedLayer(Digest diffId, long size, boolean needsParent) {}
