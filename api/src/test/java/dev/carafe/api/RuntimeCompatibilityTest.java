package dev.carafe.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.carafe.api.cri.v1.KeyValue;
import dev.carafe.api.services.content.v1.ContentGrpc;
import dev.carafe.api.ttrpc.Response;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import org.junit.jupiter.api.Test;

/** Generated code of several generators and versions works on the one protobuf runtime. */
class RuntimeCompatibilityTest {
  @Test
  void ttrpcResponseCarriesGoogleStatus() throws InvalidProtocolBufferException {
    var response =
        Response.newBuilder()
            .setStatus(Status.newBuilder().setCode(5).setMessage("task \"x\": not found"))
            .build();

    assertEquals(response, Response.parseFrom(response.toByteArray()));
  }

  @Test
  void criEnvironmentKeepsBytesThatAreNotUtf8() throws InvalidProtocolBufferException {
    byte[] value = {(byte) 0xff, 0, (byte) 0xc3};
    var sent = KeyValue.newBuilder().setKey("K").setValue(ByteString.copyFrom(value)).build();

    var received = KeyValue.parseFrom(sent.toByteArray());

    assertArrayEquals(value, received.getValue().toByteArray());
  }

  @Test
  void healthMessagesSurviveARoundTrip() throws InvalidProtocolBufferException {
    var serving = HealthCheckResponse.newBuilder().setStatus(ServingStatus.SERVING).build();

    assertEquals(serving, HealthCheckResponse.parseFrom(serving.toByteArray()));
    assertEquals("grpc.health.v1.Health", HealthGrpc.getServiceDescriptor().getName());
  }

  @Test
  void servicesOfferTheirDescriptorsToReflection() {
    var schema = ContentGrpc.getServiceDescriptor().getSchemaDescriptor();

    var supplier = assertInstanceOf(ProtoServiceDescriptorSupplier.class, schema);
    assertEquals(
        "containerd.services.content.v1.Content", supplier.getServiceDescriptor().getFullName());
    assertNotNull(ServerReflectionGrpc.getServerReflectionInfoMethod());
  }
}
