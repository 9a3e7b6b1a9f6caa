package dev.carafe.plugin.logs;

import dev.carafe.spi.logs.LogDriver;

/** Adds nothing. */
final class CriFileDriver implements LogDriver {}
