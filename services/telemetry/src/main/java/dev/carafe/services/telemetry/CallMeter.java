package dev.carafe.services.telemetry;

import dev.carafe.services.telemetry.Meters.Call;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Locale;

/** Counts API calls. */
record CallMeter(Meters meters) implements ServerInterceptor {
  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Call name = name(call.getMethodDescriptor());
    long began = System.nanoTime();
    meters.started(name);
    ServerCall<Q, R> counted =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendMessage(R message) {
            super.sendMessage(message);
            meters.sent(name);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            super.close(status, trailers);
            meters.handled(name, code(status), System.nanoTime() - began);
          }
        };
    return new SimpleForwardingServerCallListener<>(next.startCall(counted, headers)) {
      @Override
      public void onMessage(Q message) {
        meters.received(name);
        super.onMessage(message);
      }
    };
  }

  private static Call name(MethodDescriptor<?, ?> method) {
    String type =
        switch (method.getType()) {
          case UNARY, UNKNOWN -> "unary";
          case CLIENT_STREAMING -> "client_stream";
          case SERVER_STREAMING -> "server_stream";
          case BIDI_STREAMING -> "bidi_stream";
        };
    return new Call(
        type, String.valueOf(method.getServiceName()), String.valueOf(method.getBareMethodName()));
  }

  /** {@code NOT_FOUND} is {@code NotFound} in Go. */
  static String code(Status status) {
    if (status.isOk()) {
      return "OK";
    }
    if (status.getCode() == Status.Code.CANCELLED) {
      return "Canceled";
    }
    StringBuilder code = new StringBuilder();
    for (String word : status.getCode().name().split("_")) {
      code.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
    }
    return code.toString();
  }
}
