/**
 * Image verification by a signature policy (containers-policy.json(5), containers-registries.d(5)).
 *
 * <p>Start at {@link dev.carafe.plugin.verifier.policy.PolicyFactory}; {@code PolicyVerifier}
 * judges.
 */
@NullMarked
package dev.carafe.plugin.verifier.policy;

import org.jspecify.annotations.NullMarked;
