package dev.carafe.plugin.nri;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.carafe.api.nri.v1alpha1.ContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.Hook;
import dev.carafe.api.nri.v1alpha1.HugepageLimit;
import dev.carafe.api.nri.v1alpha1.IOPrioClass;
import dev.carafe.api.nri.v1alpha1.KeyValue;
import dev.carafe.api.nri.v1alpha1.LinuxContainerAdjustment;
import dev.carafe.api.nri.v1alpha1.LinuxDevice;
import dev.carafe.api.nri.v1alpha1.LinuxMemoryPolicy;
import dev.carafe.api.nri.v1alpha1.LinuxNamespace;
import dev.carafe.api.nri.v1alpha1.LinuxNetDevice;
import dev.carafe.api.nri.v1alpha1.LinuxRdt;
import dev.carafe.api.nri.v1alpha1.LinuxSchedulerFlag;
import dev.carafe.api.nri.v1alpha1.LinuxSchedulerPolicy;
import dev.carafe.api.nri.v1alpha1.LinuxSeccomp;
import dev.carafe.api.nri.v1alpha1.LinuxSyscall;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.MpolFlag;
import dev.carafe.api.nri.v1alpha1.MpolMode;
import dev.carafe.api.nri.v1alpha1.OptionalInt;
import dev.carafe.api.nri.v1alpha1.OptionalInt64;
import dev.carafe.api.nri.v1alpha1.OptionalString;
import dev.carafe.api.nri.v1alpha1.OptionalUInt32;
import dev.carafe.api.nri.v1alpha1.OptionalUInt64;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import dev.carafe.oci.Json;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SpecEditorTest {
  /** The test's specification after an adjustment, as a runtime reads it. */
  private static JsonObject after(Consumer<ContainerAdjustment.Builder> wish) {
    JsonObject spec = Facts.spec();
    ContainerAdjustment.Builder wanted = ContainerAdjustment.newBuilder();
    wish.accept(wanted);
    new SpecEditor(spec.members()).apply(wanted.build());
    return Json.object("spec", Json.bytes(spec.members()));
  }

  private static JsonObject afterLinux(Consumer<LinuxContainerAdjustment.Builder> wish) {
    return after(wanted -> wish.accept(wanted.getLinuxBuilder()));
  }

  private static KeyValue variable(String key, String value) {
    return KeyValue.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void nothingWantedChangesNothing() {
    assertEquals(Facts.spec().members(), after(_ -> {}).members());
  }

  @Test
  void annotationsAreSetAndRemovedByTheirNames() {
    // When
    JsonObject spec = after(w -> w.putAnnotations("-gone", "").putAnnotations("new", "n"));

    // Then
    assertEquals(Map.of("kept", "k", "new", "n"), spec.textMap("annotations"));
  }

  @Test
  void aVariableIsReplacedInItsPlaceAddedAtTheEndOrRemoved() {
    assertEquals(
        List.of("PATH=/usr/bin", "A=1", "B=x=y"),
        after(w -> w.addEnv(variable("PATH", "/usr/bin")).addEnv(variable("B", "x=y")))
            .object("process")
            .texts("env"));
    assertEquals(
        List.of("PATH=/bin"),
        after(w -> w.addEnv(variable("-A", ""))).object("process").texts("env"));
    assertThrows(InvalidArgumentException.class, () -> after(w -> w.addEnv(variable("", "x"))));
  }

  @Test
  void whatIsRemovedAndSetIsSetInWhateverOrder() {
    // When
    JsonObject spec = after(w -> w.addEnv(variable("A", "2")).addEnv(variable("-A", "")));

    // Then
    assertEquals(List.of("PATH=/bin", "A=2"), spec.object("process").texts("env"));
  }

  @Test
  void argumentsAreReplacedAsAWhole() {
    assertEquals(
        List.of("top", "-b"),
        after(w -> w.addArgs("top").addArgs("-b")).object("process").texts("args"));
  }

  @Test
  void aMountReplacesOneAtTheSamePlaceAndOuterOnesComeFirst() {
    // When
    JsonObject spec =
        after(w ->
            w.addMounts(Mount.newBuilder().setDestination("/data/in/side").setSource("/b"))
                .addMounts(
                    Mount.newBuilder().setDestination("/data").setSource("/a").addOptions("rslave"))
                .addMounts(Mount.newBuilder().setDestination("-/proc")));

    // Then
    assertEquals(
        List.of("/data /a", "/data/in/side /b"),
        spec.objects("mounts").stream()
            .map(mount -> mount.text("destination") + " " + mount.text("source"))
            .toList());
    assertEquals("rslave", spec.object("linux").text("rootfsPropagation"));
  }

  @Test
  void hooksAreAddedToThoseThatAreThere() {
    // When
    JsonObject spec =
        after(w ->
            w.getHooksBuilder()
                .addCreateRuntime(
                    Hook.newBuilder()
                        .setPath("/bin/hook")
                        .addArgs("hook")
                        .addEnv("A=b")
                        .setTimeout(OptionalInt.newBuilder().setValue(3))));

    // Then
    JsonObject hook = spec.object("hooks").objects("createRuntime").getFirst();
    assertEquals("/bin/hook", hook.text("path"));
    assertEquals(List.of("hook"), hook.texts("args"));
    assertEquals(List.of("A=b"), hook.texts("env"));
    assertEquals(3, hook.number("timeout", 0));
  }

  @Test
  void aDeviceMayBeUsedOnceItIsThere() {
    // When
    JsonObject linux =
        afterLinux(l ->
                l.addDevices(
                        LinuxDevice.newBuilder()
                            .setPath("/dev/x")
                            .setType("c")
                            .setMajor(1)
                            .setMinor(3)
                            .setUid(OptionalUInt32.newBuilder().setValue(-1)))
                    .addDevices(LinuxDevice.newBuilder().setPath("-/dev/fuse")))
            .object("linux");

    // Then
    assertEquals(1, linux.objects("devices").size());
    assertEquals(4294967295L, linux.objects("devices").getFirst().number("uid", 0));
    JsonObject rule = linux.object("resources").objects("devices").getLast();
    assertEquals("c", rule.text("type"));
    assertEquals(1, rule.number("major", 0));
    assertEquals(3, rule.number("minor", 0));
    assertEquals("rwm", rule.text("access"));
  }

  @Test
  void limitsArePutOverThoseThatAreThere() {
    // When
    JsonObject resources =
        afterLinux(
                l -> {
                  var wanted = l.getResourcesBuilder();
                  wanted.getMemoryBuilder().setLimit(OptionalInt64.newBuilder().setValue(5000));
                  wanted
                      .getCpuBuilder()
                      .setCpus("0-1")
                      .setPeriod(OptionalUInt64.newBuilder().setValue(-1));
                  wanted.addHugepageLimits(
                      HugepageLimit.newBuilder().setPageSize("2MB").setLimit(4096));
                  wanted.putUnified("memory.high", "9");
                  wanted.getPidsBuilder().setLimit(7);
                })
            .object("linux")
            .object("resources");

    // Then
    assertEquals(Map.of("limit", 5000L, "swap", 5000L), resources.object("memory").members());
    assertEquals(
        Map.of("shares", 512L, "cpus", "0-1", "period", new BigInteger("18446744073709551615")),
        resources.object("cpu").members());
    assertEquals(4096, resources.objects("hugepageLimits").getFirst().number("limit", 0));
    assertEquals(Map.of("memory.high", "9"), resources.textMap("unified"));
    assertEquals(7, resources.object("pids").number("limit", 0));
    assertEquals(1, resources.objects("devices").size());
  }

  @Test
  void rlimitsAreReplacedByTheirTypes() {
    // When
    JsonObject process =
        after(w ->
                w.addRlimits(
                    POSIXRlimit.newBuilder().setType("RLIMIT_NOFILE").setHard(-1).setSoft(1)))
            .object("process");

    // Then
    JsonObject limit = process.objects("rlimits").getFirst();
    assertEquals(1, process.objects("rlimits").size());
    assertEquals(new BigInteger("18446744073709551615"), limit.members().get("hard"));
    assertEquals(1, limit.number("soft", 0));
  }

  @Test
  void whatThereIsOneOfIsReplaced() {
    // When
    JsonObject spec =
        afterLinux(l -> {
          l.setCgroupsPath("/other").setOomScoreAdj(OptionalInt.newBuilder().setValue(5000));
          l.getIoPriorityBuilder().setClass_(IOPrioClass.IOPRIO_CLASS_BE).setPriority(4);
          l.getSchedulerBuilder()
              .setPolicy(LinuxSchedulerPolicy.SCHED_FIFO)
              .setPriority(2)
              .addFlags(LinuxSchedulerFlag.SCHED_FLAG_RESET_ON_FORK);
          l.setMemoryPolicy(
              LinuxMemoryPolicy.newBuilder()
                  .setMode(MpolMode.MPOL_BIND)
                  .setNodes("0")
                  .addFlags(MpolFlag.MPOL_F_STATIC_NODES));
        });

    // Then
    assertEquals("/other", spec.object("linux").text("cgroupsPath"));
    JsonObject process = spec.object("process");
    assertEquals(1000, process.number("oomScoreAdj", 0));
    assertEquals(
        Map.of("class", "IOPRIO_CLASS_BE", "priority", 4L), process.object("ioPriority").members());
    assertEquals("SCHED_FIFO", process.object("scheduler").text("policy"));
    assertEquals(List.of("SCHED_FLAG_RESET_ON_FORK"), process.object("scheduler").texts("flags"));
    JsonObject policy = spec.object("linux").object("memoryPolicy");
    assertEquals("MPOL_BIND", policy.text("mode"));
    assertEquals(List.of("MPOL_F_STATIC_NODES"), policy.texts("flags"));
  }

  @Test
  void namespacesSysctlsAndNetworkDevicesAreSetAndRemoved() {
    // When
    JsonObject linux =
        afterLinux(l ->
                l.addNamespaces(LinuxNamespace.newBuilder().setType("-pid"))
                    .addNamespaces(
                        LinuxNamespace.newBuilder().setType("network").setPath("/proc/1/ns/net"))
                    .putSysctl("-net.ipv4.ip_forward", "")
                    .putSysctl("net.core.somaxconn", "9")
                    .putNetDevices("eth9", LinuxNetDevice.newBuilder().setName("in0").build()))
            .object("linux");

    // Then
    assertEquals(
        List.of(Map.of("type", "network", "path", "/proc/1/ns/net")),
        linux.objects("namespaces").stream().map(JsonObject::members).toList());
    assertEquals(Map.of("net.core.somaxconn", "9"), linux.textMap("sysctl"));
    assertEquals("in0", linux.object("netDevices").object("eth9").text("name"));
  }

  @Test
  void aSeccompPolicyReplacesTheProfile() {
    // When
    JsonObject seccomp =
        afterLinux(l ->
                l.setSeccompPolicy(
                    LinuxSeccomp.newBuilder()
                        .setDefaultAction("SCMP_ACT_ERRNO")
                        .setDefaultErrno(OptionalUInt32.newBuilder().setValue(38))
                        .addArchitectures("SCMP_ARCH_X86_64")
                        .addSyscalls(
                            LinuxSyscall.newBuilder()
                                .addNames("read")
                                .setAction("SCMP_ACT_ALLOW"))))
            .object("linux")
            .object("seccomp");

    // Then
    assertEquals("SCMP_ACT_ERRNO", seccomp.text("defaultAction"));
    assertEquals(38, seccomp.number("defaultErrnoRet", 0));
    assertEquals(List.of("read"), seccomp.objects("syscalls").getFirst().texts("names"));
  }

  @Test
  void aClassOfServiceIsSetAndRemoved() {
    // When
    JsonObject set =
        afterLinux(l ->
            l.setRdt(
                LinuxRdt.newBuilder().setClosId(OptionalString.newBuilder().setValue("gold"))));
    JsonObject removed = afterLinux(l -> l.setRdt(LinuxRdt.newBuilder().setRemove(true)));

    // Then
    assertEquals("gold", set.object("linux").object("intelRdt").text("closID"));
    assertFalse(removed.object("linux").has("intelRdt"));
  }

  @Test
  void whatCannotBeIsRefused() {
    for (Consumer<LinuxContainerAdjustment.Builder> wish :
        List.<Consumer<LinuxContainerAdjustment.Builder>>of(
            l -> l.setCgroupsPath("/pods/../../system"),
            l -> l.addDevices(LinuxDevice.newBuilder().setPath("/dev/x").setType("z")),
            l -> l.addDevices(LinuxDevice.newBuilder().setPath("dev/x").setType("c")),
            l -> l.addNamespaces(LinuxNamespace.newBuilder().setType("ipc").setPath("x")),
            l -> l.getSchedulerBuilder().setPolicyValue(77),
            l ->
                l.getResourcesBuilder()
                    .setBlockioClass(OptionalString.newBuilder().setValue("fast")))) {
      assertThrows(InvalidArgumentException.class, () -> afterLinux(wish));
    }
    assertThrows(
        InvalidArgumentException.class,
        () -> after(w -> w.addMounts(Mount.newBuilder().setDestination("relative"))));
  }
}
