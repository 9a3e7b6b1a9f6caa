package dev.carafe.integration;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A call whose message is bytes of any kind. */
final class RawCall {
  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private RawCall() {}

  /**
   * Sends one message and says that there are no more; returns how the call ended.
   *
   * @param seconds after which it is broken off, as DEADLINE_EXCEEDED
   */
  static Status make(Channel channel, MethodDescriptor<?, ?> method, byte[] message, int seconds) {
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setFullMethodName(method.getFullMethodName())
            .setType(method.getType())
            .build();
    CompletableFuture<Status> end = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        channel.newCall(raw, CallOptions.DEFAULT.withDeadlineAfter(seconds, TimeUnit.SECONDS));
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(byte[] answer) {
            call.request(1);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(message);
    call.halfClose();
    return end.orTimeout(seconds + 30L, TimeUnit.SECONDS).join();
  }
}
