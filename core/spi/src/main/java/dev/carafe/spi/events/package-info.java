/**
 * What happened, told to whoever asks: the contract of the event bus. Events are hints: state is
 * read from the stores. Start at {@link dev.carafe.spi.events.EventBus}.
 */
@NullMarked
package dev.carafe.spi.events;

import org.jspecify.annotations.NullMarked;
