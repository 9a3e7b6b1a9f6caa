/**
 * The daemon's configuration: TOML files and flags in, validated records out.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.host.config.ConfigLoader}: which files are read, and what wins
 *   <li>{@link dev.carafe.host.config.DaemonConfig}: every key with its default
 * </ul>
 *
 * Only {@code TomlReader} touches Jackson, so that a daemon without configuration files never loads
 * it.
 */
@NullMarked
package dev.carafe.host.config;

import org.jspecify.annotations.NullMarked;
