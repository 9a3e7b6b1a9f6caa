package dev.carafe.plugin.nri;

import static dev.carafe.plugin.nri.Removal.isRemoval;

import com.google.protobuf.Message;
import dev.carafe.api.nri.v1alpha1.CDIDevice;
import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.api.nri.v1alpha1.HugepageLimit;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.LinuxContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.LinuxDevice;
import dev.carafe.api.nri.v1alpha1.LinuxNamespace;
import dev.carafe.api.nri.v1alpha1.LinuxResources;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Something of a container that only one plugin may set.
 *
 * @param key which one, of a field that has several; else empty
 * @param taken whether the plugin takes it from whoever had it
 */
record Claim(Field field, String key, boolean taken) {
  private static final String WHOLE = "";

  /** Whether the field has several values, each with a key. */
  boolean compound() {
    return !key.isEmpty();
  }

  @Override
  public String toString() {
    return compound() ? field + " \"" + key + "\"" : field.toString();
  }

  /** All that an adjustment sets, but for hooks, which are everybody's. */
  static List<Claim> of(ContainerAdjustment wanted) {
    var claims = new ArrayList<Claim>();
    named(claims, Field.Annotations, wanted.getAnnotationsMap().keySet());
    named(
        claims, Field.Mounts, wanted.getMountsList().stream().map(Mount::getDestination).toList());
    named(claims, Field.Env, wanted.getEnvList().stream().map(KeyValue::getKey).toList());
    if (wanted.getArgsCount() > 0) {
      claims.add(new Claim(Field.Args, WHOLE, wanted.getArgs(0).isEmpty()));
    }
    named(
        claims, Field.Rlimits, wanted.getRlimitsList().stream().map(POSIXRlimit::getType).toList());
    named(
        claims,
        Field.CdiDevices,
        wanted.getCDIDevicesList().stream().map(CDIDevice::getName).toList());
    linux(claims, wanted.getLinux());
    return claims;
  }

  private static void linux(List<Claim> claims, LinuxContainerAdjustment wanted) {
    named(
        claims, Field.Devices, wanted.getDevicesList().stream().map(LinuxDevice::getPath).toList());
    claims.addAll(of(wanted.getResources()));
    whole(claims, !wanted.getCgroupsPath().isEmpty(), Field.CgroupsPath);
    whole(claims, wanted.hasOomScoreAdj(), Field.OomScoreAdj);
    whole(claims, wanted.hasIoPriority(), Field.IoPriority);
    whole(claims, wanted.hasSeccompPolicy(), Field.SeccompPolicy);
    // Whoever removes a namespace owns it: it shares the host's.
    wanted.getNamespacesList().stream()
        .map(LinuxNamespace::getType)
        .map(Removal::target)
        .distinct()
        .forEach(type -> claims.add(new Claim(Field.Namespace, type, false)));
    named(claims, Field.Sysctl, wanted.getSysctlMap().keySet());
    named(claims, Field.LinuxNetDevices, wanted.getNetDevicesMap().keySet());
    whole(claims, wanted.hasScheduler(), Field.LinuxSched);
    whole(claims, wanted.hasMemoryPolicy(), Field.MemoryPolicy);
    boolean taken = wanted.getRdt().getRemove();
    if (wanted.getRdt().hasClosId()) {
      claims.add(new Claim(Field.RdtClosID, WHOLE, taken));
    }
    if (wanted.getRdt().hasSchemata()) {
      claims.add(new Claim(Field.RdtSchemata, WHOLE, taken));
    }
    if (wanted.getRdt().hasEnableMonitoring()) {
      claims.add(new Claim(Field.RdtEnableMonitoring, WHOLE, taken));
    }
  }

  static List<Claim> of(LinuxResources wanted) {
    var claims = new ArrayList<Claim>();
    knobs(claims, Knob.MEMORY, wanted.getMemory());
    knobs(claims, Knob.CPU, wanted.getCpu());
    named(
        claims,
        Field.HugepageLimits,
        wanted.getHugepageLimitsList().stream().map(HugepageLimit::getPageSize).toList());
    named(claims, Field.CgroupsUnified, wanted.getUnifiedMap().keySet());
    whole(claims, wanted.hasBlockioClass(), Field.BlockioClass);
    whole(claims, wanted.hasRdtClass(), Field.RdtClass);
    whole(claims, wanted.hasPids(), Field.PidsLimit);
    return claims;
  }

  private static void knobs(List<Claim> claims, List<Knob> knobs, Message group) {
    knobs.forEach(knob -> whole(claims, knob.of(group) != null, knob.owner()));
  }

  private static void whole(List<Claim> claims, boolean wanted, Field field) {
    if (wanted) {
      claims.add(new Claim(field, WHOLE, false));
    }
  }

  /** What is removed and set is taken; what is only removed is nobody's. */
  private static void named(List<Claim> claims, Field field, Collection<String> names) {
    for (String name : names) {
      if (!isRemoval(name)) {
        claims.add(new Claim(field, name, names.contains("-" + name)));
      }
    }
  }
}
