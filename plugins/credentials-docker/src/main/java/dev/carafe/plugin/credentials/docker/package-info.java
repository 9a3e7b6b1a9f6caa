/**
 * Registry credentials from Docker's configuration files and credential helpers.
 *
 * <p>Start at {@link dev.carafe.plugin.credentials.docker.DockerCredentialsFactory}; {@code
 * DockerCredentials} is the search.
 */
@NullMarked
package dev.carafe.plugin.credentials.docker;

import org.jspecify.annotations.NullMarked;
