package dev.carafe.plugin.nri;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.api.nri.v1alpha1.LinuxCPU;
import dev.carafe.api.nri.v1alpha1.LinuxMemory;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A limit with a single value: what NRI calls it and what the OCI runtime specification calls it.
 *
 * @param owner by which its owner is told
 * @param field of {@link LinuxMemory} or {@link LinuxCPU}
 * @param json member of {@code linux.resources.memory} or {@code .cpu}
 */
record Knob(Field owner, FieldDescriptor field, String json) {
  static final List<Knob> MEMORY =
      List.of(
          memory(Field.MemLimit, "limit", "limit"),
          memory(Field.MemReservation, "reservation", "reservation"),
          memory(Field.MemSwapLimit, "swap", "swap"),
          memory(Field.MemKernelLimit, "kernel", "kernel"),
          memory(Field.MemTCPLimit, "kernel_tcp", "kernelTCP"),
          memory(Field.MemSwappiness, "swappiness", "swappiness"),
          memory(Field.MemDisableOomKiller, "disable_oom_killer", "disableOOMKiller"),
          memory(Field.MemUseHierarchy, "use_hierarchy", "useHierarchy"));

  static final List<Knob> CPU =
      List.of(
          cpu(Field.CPUShares, "shares", "shares"),
          cpu(Field.CPUQuota, "quota", "quota"),
          cpu(Field.CPUPeriod, "period", "period"),
          cpu(Field.CPURealtimeRuntime, "realtime_runtime", "realtimeRuntime"),
          cpu(Field.CPURealtimePeriod, "realtime_period", "realtimePeriod"),
          cpu(Field.CPUSetCPUs, "cpus", "cpus"),
          cpu(Field.CPUSetMems, "mems", "mems"));

  private static Knob memory(Field owner, String field, String json) {
    return new Knob(
        owner, Objects.requireNonNull(LinuxMemory.getDescriptor().findFieldByName(field)), json);
  }

  private static Knob cpu(Field owner, String field, String json) {
    return new Knob(
        owner, Objects.requireNonNull(LinuxCPU.getDescriptor().findFieldByName(field)), json);
  }

  /** The value as JSON has it, or null where none is set. */
  @Nullable Object of(Message group) {
    if (field.getJavaType() == FieldDescriptor.JavaType.STRING) {
      String text = (String) group.getField(field);
      return text.isEmpty() ? null : text;
    }
    if (!group.hasField(field)) {
      return null;
    }
    Message wrapper = (Message) group.getField(field);
    FieldDescriptor inner = wrapper.getDescriptorForType().findFieldByNumber(1);
    Object value = wrapper.getField(inner);
    return inner.getType() == FieldDescriptor.Type.UINT64 ? Numbers.unsigned((Long) value) : value;
  }

  /** Sets the value; one of another type is left out. */
  void put(Message.Builder group, @Nullable Object value) {
    switch (value) {
      case String text when field.getJavaType() == FieldDescriptor.JavaType.STRING ->
          group.setField(field, text);
      case Number number when field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ->
          wrapped(group, FieldDescriptor.JavaType.LONG, number.longValue());
      case Boolean flag when field.getJavaType() == FieldDescriptor.JavaType.MESSAGE ->
          wrapped(group, FieldDescriptor.JavaType.BOOLEAN, flag);
      case null, default -> {}
    }
  }

  private void wrapped(Message.Builder group, FieldDescriptor.JavaType type, Object value) {
    Message.Builder wrapper = group.newBuilderForField(field);
    FieldDescriptor inner = wrapper.getDescriptorForType().findFieldByNumber(1);
    if (inner.getJavaType() == type) {
      group.setField(field, wrapper.setField(inner, value).build());
    }
  }
}
