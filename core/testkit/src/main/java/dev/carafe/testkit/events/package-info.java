/**
 * The contract of event buses as tests. Start at {@link
 * dev.carafe.testkit.events.EventBusConformance}: subclass it.
 */
@NullMarked
package dev.carafe.testkit.events;

import org.jspecify.annotations.NullMarked;
