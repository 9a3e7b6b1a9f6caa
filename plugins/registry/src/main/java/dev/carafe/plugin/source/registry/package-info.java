/**
 * Images from registries that speak the OCI distribution protocol.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.source.registry.RegistryFactory}: what the daemon finds
 *   <li>{@link dev.carafe.plugin.source.registry.RegistryRepository}: one image, reached
 *   <li>{@link dev.carafe.plugin.source.registry.HostSession}: authorization and redirects of one
 *       host
 *   <li>{@link dev.carafe.plugin.source.registry.Wire}: HTTP/1.1 and TLS below all of it
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.source.registry;

import org.jspecify.annotations.NullMarked;
