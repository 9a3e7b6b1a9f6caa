package dev.carafe.metadata;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot commit that is recorded before the back end is asked for it, so that a crash between
 * the two leaves the snapshot under its old key or under its new name, and never nowhere.
 *
 * @param key the active snapshot's key and {@code backendKey} its name in the back end
 * @param name the committed snapshot's key and {@code backendName} its name in the back end
 * @param parent the committed snapshot's parent in the namespace, or null
 * @param rebased whether {@code parent} came with the commit
 * @param lease the lease to hold the result, or empty
 */
record CommitIntent(
    String namespace,
    String snapshotter,
    String key,
    String backendKey,
    String name,
    String backendName,
    @Nullable String parent,
    boolean rebased,
    Map<String, String> labels,
    String lease,
    Instant at) {}
