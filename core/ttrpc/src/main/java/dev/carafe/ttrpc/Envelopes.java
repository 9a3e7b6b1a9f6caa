package dev.carafe.ttrpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import com.google.rpc.Status;
import dev.carafe.api.ttrpc.KeyValue;
import dev.carafe.api.ttrpc.Request;
import dev.carafe.api.ttrpc.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Requests and responses around a message. */
final class Envelopes {
  private static final int LONGEST_MESSAGE = 16 << 10;

  private Envelopes() {}

  static byte[] request(String service, String method, ByteString payload, CallOptions options) {
    Request.Builder request =
        Request.newBuilder()
            .setService(service)
            .setMethod(method)
            .setPayload(payload)
            .setTimeoutNano(options.timeout().toNanos());
    options
        .metadata()
        .forEach((key, values) ->
            values.forEach(
                value -> request.addMetadata(KeyValue.newBuilder().setKey(key).setValue(value))));
    return Frame.checked(request.build().toByteArray());
  }

  static Map<String, List<String>> metadata(Request request) {
    Map<String, List<String>> metadata = new LinkedHashMap<>();
    for (KeyValue entry : request.getMetadataList()) {
      metadata.computeIfAbsent(entry.getKey(), _ -> new ArrayList<>()).add(entry.getValue());
    }
    return metadata;
  }

  static byte[] response(ByteString payload) {
    return Response.newBuilder().setPayload(payload).build().toByteArray();
  }

  static byte[] failure(TtrpcException failure) {
    String message = String.valueOf(failure.getMessage());
    return Response.newBuilder()
        .setStatus(
            Status.newBuilder()
                .setCode(failure.code().number())
                .setMessage(
                    message.length() > LONGEST_MESSAGE
                        ? message.substring(0, LONGEST_MESSAGE)
                        : message))
        .build()
        .toByteArray();
  }

  /**
   * The payload of a response.
   *
   * @throws TtrpcException the failure that it tells of
   */
  static ByteString payload(Frame frame) {
    Response response = parse(Response.parser(), frame.data(), "response");
    Status status = response.getStatus();
    if (status.getCode() != StatusCode.OK.number()) {
      throw new TtrpcException(StatusCode.of(status.getCode()), status.getMessage());
    }
    return response.getPayload();
  }

  static <T> T parse(Parser<T> parser, byte[] data, String what) {
    try {
      return parser.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(what, e);
    }
  }

  static <T> T parse(Parser<T> parser, ByteString data, String what) {
    try {
      return parser.parseFrom(data);
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(what, e);
    }
  }

  private static TtrpcException unreadable(String what, InvalidProtocolBufferException e) {
    return new TtrpcException(StatusCode.INTERNAL, what + " cannot be read: " + e.getMessage(), e);
  }
}
