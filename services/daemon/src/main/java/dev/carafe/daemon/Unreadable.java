package dev.carafe.daemon;

import io.grpc.BindableService;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Messages that cannot be read, by broken framing or text that is not UTF-8: the call ends with
 * INTERNAL, as in containerd. By itself grpc-java takes them for a failure of the server.
 */
final class Unreadable {
  private static final MethodDescriptor.Marshaller<InputStream> AS_IT_CAME =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(InputStream value) {
          return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
          return stream;
        }
      };

  private Unreadable() {}

  /** The service, which reads messages where the failure can be seen. */
  static ServerServiceDefinition refused(BindableService service) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useMarshalledMessages(service.bindService(), AS_IT_CAME), new Refusal());
  }

  private static final class Refusal implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
        private boolean over;

        @Override
        public void onMessage(Q message) {
          if (over) {
            return;
          }
          try {
            super.onMessage(message);
          } catch (StatusRuntimeException e) {
            if (!(e.getCause() instanceof IOException unreadable)) {
              throw e;
            }
            over = true;
            call.close(
                Status.INTERNAL.withDescription(
                    "grpc: error unmarshalling request: " + unreadable.getMessage()),
                new Metadata());
          }
        }

        @Override
        public void onHalfClose() {
          if (!over) {
            super.onHalfClose();
          }
        }

        @Override
        public void onReady() {
          if (!over) {
            super.onReady();
          }
        }
      };
    }
  }
}
