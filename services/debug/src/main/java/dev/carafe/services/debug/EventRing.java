package dev.carafe.services.debug;

import dev.carafe.spi.errors.ResourceExhaustedException;
import dev.carafe.spi.events.Envelope;
import dev.carafe.spi.events.Event;
import dev.carafe.spi.events.EventBus;
import dev.carafe.spi.events.Subscription;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The last few hundred events. */
final class EventRing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventRing.class);
  static final int KEPT = 300;
  private static final int QUEUE = 1024;

  private final Subscription subscription;
  private final Deque<Numbered> last = new ArrayDeque<>();
  private long count;
  private long gaps;
  private volatile boolean closed;

  private record Numbered(long number, Envelope envelope) {}

  private EventRing(Subscription subscription) {
    this.subscription = subscription;
  }

  static EventRing listen(EventBus bus) {
    EventRing ring = new EventRing(bus.subscribe(envelope -> true, QUEUE));
    Thread.ofVirtual().name("debug page: events").start(ring::read);
    return ring;
  }

  private void read() {
    while (!closed) {
      try {
        Envelope envelope = subscription.next(Duration.ofSeconds(10));
        if (envelope != null) {
          add(envelope);
        }
      } catch (ResourceExhaustedException e) {
        lost();
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("debug page: no more events are shown: {}", e.toString());
        return;
      }
    }
  }

  private synchronized void add(Envelope envelope) {
    last.addLast(new Numbered(++count, envelope));
    if (last.size() > KEPT) {
      last.removeFirst();
    }
  }

  private synchronized void lost() {
    gaps++;
  }

  /** The oldest first; numbers have no gap. */
  synchronized Map<String, Object> figures() {
    List<Object> list = new ArrayList<>();
    for (Numbered one : last) {
      Envelope envelope = one.envelope();
      Map<String, Object> event = new LinkedHashMap<>();
      event.put("number", one.number());
      event.put("at", envelope.timestamp().toString());
      event.put("namespace", envelope.namespace());
      event.put("topic", Limits.text(envelope.topic()));
      event.put("text", text(envelope.event()));
      list.add(event);
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", count);
    figures.put("gaps", gaps);
    figures.put("last", list);
    return figures;
  }

  /** The components of a record as it writes them itself, without its name. */
  private static String text(Event event) {
    if (event instanceof Event.Foreign foreign) {
      return Limits.text(foreign.typeUrl() + ", " + foreign.value().length + " bytes");
    }
    String text = event.toString();
    int open = text.indexOf('[');
    return Limits.text(
        open >= 0 && text.endsWith("]") ? text.substring(open + 1, text.length() - 1) : text);
  }

  @Override
  public void close() {
    closed = true;
    subscription.close();
  }
}
