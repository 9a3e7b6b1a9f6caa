package dev.carafe.services.debug;

import dev.carafe.engine.observe.Observer;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** What is under way, and how the last pulls and the like ended. */
final class Flows implements Observer {
  private static final int MOST_SHOWN = 100;
  private static final int MOST_PIECES = 256;
  private static final int MOST_ENDED = 20;

  private final Set<Flow> running = ConcurrentHashMap.newKeySet();
  private final Deque<Map<String, Object>> ended = new ArrayDeque<>();

  /** A piece of a flow, in bytes. */
  private record Piece(String stage, long done, long total) {}

  @Override
  public Span begin(String operation, String subject) {
    Flow flow = new Flow(operation, subject);
    running.add(flow);
    return flow;
  }

  @Override
  public <T> Callable<T> carried(Callable<T> work) {
    return work;
  }

  /** Those under way, the oldest first, and those that ended, the last first. */
  Map<String, Object> figures() {
    List<Object> now = new ArrayList<>();
    running.stream()
        .sorted(Comparator.comparing((Flow flow) -> flow.began))
        .limit(MOST_SHOWN)
        .forEach(flow -> now.add(flow.figures()));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("running", now);
    figures.put("count", running.size());
    synchronized (ended) {
      figures.put("ended", List.copyOf(ended));
    }
    return figures;
  }

  /**
   * One flow; a garbage collection is told elsewhere, a task's start is too short to be history.
   */
  private final class Flow implements Span {
    private final String operation;
    private final String subject;
    private final Instant began = Instant.now();
    private final long beganNanos = System.nanoTime();
    private final ConcurrentMap<String, Piece> pieces = new ConcurrentHashMap<>();
    private volatile @Nullable String failure;

    Flow(String operation, String subject) {
      this.operation = operation;
      this.subject = subject;
    }

    @Override
    public void progress(String piece, String stage, long done, long total) {
      if (pieces.size() < MOST_PIECES || pieces.containsKey(piece)) {
        pieces.put(piece, new Piece(stage, done, total));
      }
    }

    @Override
    public void failed(Throwable why) {
      failure = Limits.text(String.valueOf(why.getMessage()));
    }

    @Override
    public void close() {
      running.remove(this);
      if (operation.equals("pull")) {
        Map<String, Object> last = figures();
        last.remove("pieces");
        synchronized (ended) {
          ended.addFirst(last);
          if (ended.size() > MOST_ENDED) {
            ended.removeLast();
          }
        }
      }
    }

    private Map<String, Object> figures() {
      List<Object> list = new ArrayList<>();
      long done = 0;
      long total = 0;
      for (Map.Entry<String, Piece> entry : pieces.entrySet()) {
        Piece piece = entry.getValue();
        done += piece.done();
        total += piece.total();
        if (piece.total() > 0) {
          Map<String, Object> one = new LinkedHashMap<>();
          one.put("name", Limits.text(entry.getKey()));
          one.put("stage", piece.stage());
          one.put("done", piece.done());
          one.put("total", piece.total());
          list.add(one);
        }
      }
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("operation", operation);
      figures.put("subject", Limits.text(subject));
      figures.put("began", began.toString());
      figures.put("millis", (System.nanoTime() - beganNanos) / 1_000_000);
      figures.put("done", done);
      figures.put("total", total);
      figures.put("pieces", list);
      String why = failure;
      figures.put("error", why == null ? "" : why);
      return figures;
    }
  }
}
