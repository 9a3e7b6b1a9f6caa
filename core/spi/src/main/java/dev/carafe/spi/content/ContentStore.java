package dev.carafe.spi.content;

/**
 * Stores blobs under their digests.
 *
 * <p>Words: a <em>blob</em> is committed, verified and immutable; an <em>ingest</em> is a blob
 * being written, found by its free-text <em>ref</em>, and survives a restart.
 *
 * <p>You guarantee: a blob that {@link ContentWriter#commit} reported survives power failure,
 * directory entry included; its bytes have its digest; a crash leaves either an ingest or a blob.
 * You may keep labels or not: the daemon stores them itself and reads them from there.
 *
 * <p>The daemon guarantees: namespaces, leases and garbage collection are kept above you; one
 * thread at a time uses a writer.
 */
public interface ContentStore
    extends ContentReader, ContentIngester, IngestManager, ContentManager {}
