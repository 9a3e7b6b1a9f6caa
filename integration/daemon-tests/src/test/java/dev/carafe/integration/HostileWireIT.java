package dev.carafe.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.Descriptor;
import dev.carafe.api.services.containers.v1.ContainersGrpc;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.services.diff.v1.DiffGrpc;
import dev.carafe.api.services.events.v1.EventsGrpc;
import dev.carafe.api.services.images.v1.ImagesGrpc;
import dev.carafe.api.services.introspection.v1.IntrospectionGrpc;
import dev.carafe.api.services.leases.v1.LeasesGrpc;
import dev.carafe.api.services.mounts.v1.MountsGrpc;
import dev.carafe.api.services.namespaces.v1.NamespacesGrpc;
import dev.carafe.api.services.sandbox.v1.ControllerGrpc;
import dev.carafe.api.services.sandbox.v1.StoreGrpc;
import dev.carafe.api.services.snapshots.v1.SnapshotsGrpc;
import dev.carafe.api.services.streaming.v1.StreamingGrpc;
import dev.carafe.api.services.tasks.v1.TasksGrpc;
import dev.carafe.api.services.transfer.v1.TransferGrpc;
import dev.carafe.api.services.version.v1.VersionGrpc;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every call with messages that no client of good will sends. */
@ExtendWith(LeakCheck.class)
class HostileWireIT {
  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          ContainersGrpc.getServiceDescriptor(),
          ContentGrpc.getServiceDescriptor(),
          DiffGrpc.getServiceDescriptor(),
          EventsGrpc.getServiceDescriptor(),
          ImagesGrpc.getServiceDescriptor(),
          IntrospectionGrpc.getServiceDescriptor(),
          LeasesGrpc.getServiceDescriptor(),
          MountsGrpc.getServiceDescriptor(),
          NamespacesGrpc.getServiceDescriptor(),
          ControllerGrpc.getServiceDescriptor(),
          StoreGrpc.getServiceDescriptor(),
          SnapshotsGrpc.getServiceDescriptor(),
          StreamingGrpc.getServiceDescriptor(),
          TasksGrpc.getServiceDescriptor(),
          TransferGrpc.getServiceDescriptor(),
          VersionGrpc.getServiceDescriptor());

  /** How a call may end that has done nothing wrong itself. */
  private static final Set<Code> ENDS =
      EnumSet.of(
          Code.OK,
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.ALREADY_EXISTS,
          Code.FAILED_PRECONDITION,
          Code.OUT_OF_RANGE,
          Code.RESOURCE_EXHAUSTED,
          Code.UNIMPLEMENTED);

  /** Goes on until the client has enough. */
  private static final String ENDLESS = "containerd.services.events.v1.Events/Subscribe";

  /** Calls that are about no namespace, or about all. */
  private static final Set<String> BARE =
      Set.of(
          "containerd.services.events.v1.Events/Forward",
          ENDLESS,
          "containerd.services.introspection.v1.Introspection/PluginInfo",
          "containerd.services.introspection.v1.Introspection/Plugins",
          "containerd.services.introspection.v1.Introspection/Server",
          "containerd.services.namespaces.v1.Namespaces/Create",
          "containerd.services.namespaces.v1.Namespaces/Delete",
          "containerd.services.namespaces.v1.Namespaces/Get",
          "containerd.services.namespaces.v1.Namespaces/List",
          "containerd.services.namespaces.v1.Namespaces/Update",
          "containerd.services.version.v1.Version/Version");

  private static Stream<MethodDescriptor<?, ?>> methods() {
    return SERVICES.stream().flatMap(service -> service.getMethods().stream());
  }

  private static Descriptor input(MethodDescriptor<?, ?> method) {
    return ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
        .getMethodDescriptor()
        .getInputType();
  }

  private static Status call(Channel channel, MethodDescriptor<?, ?> method, byte[] message) {
    boolean endless = method.getFullMethodName().equals(ENDLESS);
    Status status = RawCall.make(channel, method, message, endless ? 1 : 60);
    return endless && status.getCode() == Code.DEADLINE_EXCEEDED ? Status.OK : status;
  }

  @Test
  void whateverAMessageSaysIsAnsweredOrRefused(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon();
    Channel channel = daemon.api().in(lab.namespace());
    Map<String, String> surprises = new TreeMap<>();
    // When
    methods()
        .forEach(method ->
            HostileMessages.readable(input(method))
                .forEach((what, message) -> {
                  Status status = call(channel, method, message);
                  if (!ENDS.contains(status.getCode())) {
                    surprises.put(method.getFullMethodName() + " with " + what, shown(status));
                  }
                }));
    // Then
    assertEquals(Map.of(), surprises);
    assertFalse(daemon.log().contains("unexpected failure"), daemon::log);
    assertTrue(daemon.api().serving());
  }

  @Test
  void whatCannotBeReadIsRefusedAsContainerdDoes(Lab lab) throws Exception {
    // Given
    TestDaemon daemon = lab.daemon();
    Channel channel = daemon.api().in(lab.namespace());
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
    // Then
    surprises.values().removeIf(status -> status.startsWith("INTERNAL "));
    assertEquals(Map.of(), surprises);
    assertTrue(daemon.api().serving());
  }

  @Test
  void messagesLargerThanTheLimitAreRefused(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon();
    Channel channel = daemon.api().in(lab.namespace());
    byte[] large = new byte[(16 << 20) + 1];
    // When
    Status status = call(channel, ImagesGrpc.getCreateMethod(), large);
    // Then
    assertEquals(Code.RESOURCE_EXHAUSTED, status.getCode(), status::toString);
    assertTrue(daemon.api().serving());
  }

  @Test
  void callsOfANamespaceNameIt(Lab lab) {
    // Given
    TestDaemon daemon = lab.daemon();
    Set<String> answered = new TreeSet<>();
    Set<String> refused = new TreeSet<>();
    // When
    methods()
        .forEach(method ->
            Stream.of(new byte[0], HostileMessages.plain(input(method)))
                .forEach(message -> {
                  Status status = call(daemon.api().bare(), method, message);
                  String description = String.valueOf(status.getDescription());
                  if (status.isOk()) {
                    answered.add(method.getFullMethodName());
                  } else if (description.contains("namespace is required")) {
                    assertEquals(
                        Code.FAILED_PRECONDITION, status.getCode(), method::getFullMethodName);
                    refused.add(method.getFullMethodName());
                  }
                }));
    // Then
    answered.removeAll(BARE);
    assertEquals(Set.of(), answered);
    assertTrue(refused.size() > 40, () -> "refused for the lack of a namespace: " + refused);
  }

  private static String shown(Status status) {
    String description = String.valueOf(status.getDescription());
    return status.getCode()
        + " "
        + description.substring(0, Math.min(200, description.length()))
        + (status.getCause() == null ? "" : " (" + status.getCause() + ")");
  }
}
