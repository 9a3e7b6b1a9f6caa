package dev.carafe.api;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Writes compiled descriptors down as rows of the wire tables. */
final class DescriptorRows {
  private final Set<String> rows = new TreeSet<>();

  /** The rows of all given files. An element that the tables cannot express gets a row too. */
  static Set<String> of(List<FileDescriptor> files) {
    var writer = new DescriptorRows();
    files.forEach(writer::file);
    return writer.rows;
  }

  private void file(FileDescriptor file) {
    var syntax = file.toProto().getSyntax();
    row("package", file.getPackage(), "", "", syntax.isEmpty() ? "proto2" : syntax);
    file.getMessageTypes().forEach(this::message);
    file.getEnumTypes().forEach(this::enumeration);
    file.getServices().forEach(this::service);
    for (var extension : file.getExtensions()) {
      row("extension", extension.getFullName(), "", "", "");
    }
  }

  private void message(Descriptor message) {
    var owner = message.getFullName();
    row("message", owner, "", "", "");
    for (var field : message.getFields()) {
      row("field", owner, field.getName(), number(field.getNumber()), type(field));
    }
    for (var oneof : message.getRealOneofs()) {
      row("oneof", owner, oneof.getName(), "", "");
    }
    for (var extension : message.getExtensions()) {
      row("extension", owner, extension.getName(), "", "");
    }
    DescriptorProto proto = message.toProto();
    for (var range : proto.getReservedRangeList()) {
      row("reserved", owner, "", range.getStart() + "-" + (range.getEnd() - 1), "");
    }
    for (var name : proto.getReservedNameList()) {
      row("reserved", owner, name, "", "");
    }
    message.getEnumTypes().forEach(this::enumeration);
    for (var nested : message.getNestedTypes()) {
      if (!nested.getOptions().getMapEntry()) {
        message(nested);
      }
    }
  }

  private void enumeration(EnumDescriptor enumeration) {
    var owner = enumeration.getFullName();
    row("enum", owner, "", "", "");
    for (var value : enumeration.getValues()) {
      row("value", owner, value.getName(), number(value.getNumber()), "");
    }
    EnumDescriptorProto proto = enumeration.toProto();
    for (var range : proto.getReservedRangeList()) {
      row("reserved", owner, "", range.getStart() + "-" + range.getEnd(), "");
    }
    for (var name : proto.getReservedNameList()) {
      row("reserved", owner, name, "", "");
    }
  }

  private void service(ServiceDescriptor service) {
    row("service", service.getFullName(), "", "", "");
    for (MethodDescriptor method : service.getMethods()) {
      row(
          "rpc",
          service.getFullName(),
          method.getName(),
          stream(method.isClientStreaming(), method.getInputType()),
          stream(method.isServerStreaming(), method.getOutputType()));
    }
  }

  private static String stream(boolean streaming, Descriptor type) {
    return (streaming ? "stream " : "") + type.getFullName();
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      var entry = field.getMessageType();
      return "map<"
          + bareType(entry.findFieldByNumber(1))
          + ","
          + bareType(entry.findFieldByNumber(2))
          + ">";
    }
    if (field.isRepeated()) {
      return "repeated " + bareType(field);
    }
    if (field.isRequired()) {
      return "required " + bareType(field);
    }
    return (field.toProto().getProto3Optional() ? "optional " : "") + bareType(field);
  }

  private static String bareType(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(Locale.ROOT);
    };
  }

  private static String number(int number) {
    return Integer.toString(number);
  }

  private void row(String kind, String owner, String name, String number, String type) {
    rows.add(String.join("\t", kind, owner, name, number, type));
  }
}
