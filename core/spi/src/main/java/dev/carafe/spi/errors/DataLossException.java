package dev.carafe.spi.errors;

/** Stored bytes are damaged. On the wire: DATA_LOSS. */
public final class DataLossException extends DaemonException {
  private static final long serialVersionUID = 1L;

  public DataLossException(String message) {
    super(message, null);
  }

  public DataLossException(String message, Throwable cause) {
    super(message, cause);
  }
}
