package dev.carafe.metadata;

/** An ingest of a namespace; the key of its writer's lock. */
record Ref(String namespace, String ref) {}
