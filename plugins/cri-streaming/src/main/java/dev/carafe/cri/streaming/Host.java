package dev.carafe.cri.streaming;

/** What all connections of a server share. */
record Host(StreamingConfig config, StreamHandler handler, Workers workers) {}
