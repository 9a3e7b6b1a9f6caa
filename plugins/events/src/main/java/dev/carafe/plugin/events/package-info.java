/**
 * The event exchange: hands each event to every subscriber whose filter matches.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.plugin.events.ExchangeFactory}: what the host finds
 *   <li>{@code Exchange}: order and fan-out
 *   <li>{@code BoundedSubscription}: one subscriber's queue, and what happens when it runs over
 * </ul>
 *
 * Nothing is stored: who is not subscribed when an event is published never sees it, but for {@code
 * MissedExits}: who comes back soon after a restart hears what ended meanwhile.
 */
@NullMarked
package dev.carafe.plugin.events;

import org.jspecify.annotations.NullMarked;
