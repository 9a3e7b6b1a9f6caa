package dev.carafe.spi.content;

import dev.carafe.spi.errors.NotFoundException;
import java.util.List;

/** Looks after unfinished blobs. */
public interface IngestManager {
  /**
   * One ingest.
   *
   * @throws NotFoundException if there is none of that ref
   */
  IngestStatus status(String ref);

  /** All ingests. */
  List<IngestStatus> ingests();

  /**
   * Throws an ingest away.
   *
   * @throws NotFoundException if there is none of that ref
   */
  void abort(String ref);
}
