package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.Descriptor;
import dev.carafe.api.cri.v1.ImageServiceGrpc;
import dev.carafe.api.cri.v1.RuntimeServiceGrpc;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every call of a kubelet with messages that no kubelet sends. */
@ExtendWith(LeakCheck.class)
class HostileCriIT {
  /** How a call may end that has done nothing wrong itself. */
  private static final Set<Code> ENDS =
      EnumSet.of(
          Code.OK,
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.ALREADY_EXISTS,
          Code.FAILED_PRECONDITION,
          Code.OUT_OF_RANGE,
          Code.PERMISSION_DENIED,
          Code.RESOURCE_EXHAUSTED,
          Code.UNIMPLEMENTED);

  /** Goes on until the client has enough. */
  private static final String ENDLESS = "runtime.v1.RuntimeService/GetContainerEvents";

  /** Asks a registry, which is not there. */
  private static final String PULL = "runtime.v1.ImageService/PullImage";

  private static Stream<MethodDescriptor<?, ?>> methods() {
    return Stream.of(
            RuntimeServiceGrpc.getServiceDescriptor(), ImageServiceGrpc.getServiceDescriptor())
        .flatMap(service -> service.getMethods().stream());
  }

  private static Descriptor input(MethodDescriptor<?, ?> method) {
    return ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
        .getMethodDescriptor()
        .getInputType();
  }

  /** A message without fields has only two forms. */
  private static Map<String, byte[]> readable(Descriptor type) {
    Map<String, byte[]> messages = HostileMessages.readable(type);
    if (type.getFields().isEmpty()) {
      messages.keySet().retainAll(Set.of("nothing", "unknown fields"));
    }
    return messages;
  }

  private static Status call(Channel channel, MethodDescriptor<?, ?> method, byte[] message) {
    boolean endless = method.getFullMethodName().equals(ENDLESS);
    Status status = RawCall.make(channel, method, message, endless ? 1 : 60);
    return endless && status.getCode() == Code.DEADLINE_EXCEEDED ? Status.OK : status;
  }

  private static boolean isExpected(MethodDescriptor<?, ?> method, Status status) {
    return ENDS.contains(status.getCode())
        || method.getFullMethodName().equals(PULL) && status.getCode() == Code.UNAVAILABLE;
  }

  /** Every registry is a port at which nobody listens. */
  private static Cri cri(Lab lab) throws IOException {
    Path hosts = lab.directory("certs.d/_default");
    Files.writeString(hosts.resolve("hosts.toml"), "server = \"http://127.0.0.1:1\"\n");
    TestDaemon daemon =
        lab.daemon(
            """
            [registry]
            config_path = "%s"
            retries = 0
            """
                .formatted(hosts.getParent()));
    return Cri.of(lab, daemon);
  }

  @Test
  void whateverAMessageSaysIsAnsweredOrRefused(Lab lab) throws Exception {
    // Given
    Cri cri = cri(lab);
    TestDaemon daemon = cri.daemon();
    Map<String, String> surprises = new TreeMap<>();
    // When
    methods()
        .forEach(method ->
            readable(input(method))
                .forEach((what, message) -> {
                  Status status = call(daemon.api().bare(), method, message);
                  if (!isExpected(method, status)) {
                    surprises.put(method.getFullMethodName() + " with " + what, shown(status));
                  }
                }));
    // Then
    assertEquals(Map.of(), surprises);
    assertFalse(daemon.log().contains("unexpected failure"), daemon::log);
    assertTrue(daemon.api().serving());
  }

  @Test
  void whatCannotBeReadIsRefused(Lab lab) throws Exception {
    // Given
    Cri cri = cri(lab);
    Channel channel = cri.daemon().api().bare();
    Map<String, String> surprises = new TreeMap<>();
    // When
    methods()
        .forEach(method -> {
          surprises.put(
              method.getFullMethodName() + ", broken",
              shown(call(channel, method, HostileMessages.broken())));
          HostileMessages.notUtf8(input(method))
              .ifPresent(message ->
                  surprises.put(
                      method.getFullMethodName() + ", not UTF-8",
                      shown(call(channel, method, message))));
        });
    surprises.put(
        "too large",
        shown(
            call(channel, RuntimeServiceGrpc.getRunPodSandboxMethod(), new byte[(16 << 20) + 1])));
    // Then
    assertTrue(surprises.remove("too large").startsWith("RESOURCE_EXHAUSTED "));
    surprises.values().removeIf(status -> status.startsWith("INTERNAL "));
    assertEquals(Map.of(), surprises);
    assertTrue(cri.daemon().api().serving());
  }

  private static String shown(Status status) {
    String description = String.valueOf(status.getDescription());
    return status.getCode() + " " + description.substring(0, Math.min(200, description.length()));
  }
}
