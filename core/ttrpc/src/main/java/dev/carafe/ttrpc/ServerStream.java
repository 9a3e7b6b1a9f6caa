package dev.carafe.ttrpc;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import org.jspecify.annotations.Nullable;

/** The server's side of a call with more than one message. For one sender and one receiver. */
public interface ServerStream {
  /**
   * The next message from the client, or null after the last one.
   *
   * @throws TtrpcException if the connection ended
   */
  <T> @Nullable T receive(Parser<T> parser) throws InterruptedException;

  /**
   * Sends a message to the client.
   *
   * @throws TtrpcException if the connection ended, or the client takes no more
   */
  void send(MessageLite message) throws InterruptedException;
}
