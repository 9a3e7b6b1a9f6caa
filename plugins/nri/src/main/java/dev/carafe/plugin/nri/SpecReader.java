package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.Container;
import dev.carafe.api.nri.v1alpha1.Hook;
import dev.carafe.api.nri.v1alpha1.IOPrioClass;
import dev.carafe.api.nri.v1alpha1.LinuxContainer;
import dev.carafe.api.nri.v1alpha1.LinuxDevice;
import dev.carafe.api.nri.v1alpha1.LinuxIOPriority;
import dev.carafe.api.nri.v1alpha1.LinuxNamespace;
import dev.carafe.api.nri.v1alpha1.LinuxNetDevice;
import dev.carafe.api.nri.v1alpha1.LinuxRdt;
import dev.carafe.api.nri.v1alpha1.LinuxScheduler;
import dev.carafe.api.nri.v1alpha1.LinuxSchedulerFlag;
import dev.carafe.api.nri.v1alpha1.LinuxSchedulerPolicy;
import dev.carafe.api.nri.v1alpha1.LinuxSeccomp;
import dev.carafe.api.nri.v1alpha1.LinuxSeccompArg;
import dev.carafe.api.nri.v1alpha1.LinuxSyscall;
import dev.carafe.api.nri.v1alpha1.Mount;
import dev.carafe.api.nri.v1alpha1.OptionalBool;
import dev.carafe.api.nri.v1alpha1.OptionalFileMode;
import dev.carafe.api.nri.v1alpha1.OptionalInt;
import dev.carafe.api.nri.v1alpha1.OptionalRepeatedString;
import dev.carafe.api.nri.v1alpha1.OptionalString;
import dev.carafe.api.nri.v1alpha1.OptionalUInt32;
import dev.carafe.api.nri.v1alpha1.POSIXRlimit;
import dev.carafe.api.nri.v1alpha1.SecurityProfile;
import dev.carafe.api.nri.v1alpha1.User;
import dev.carafe.oci.JsonObject;
import java.util.List;
import java.util.function.Consumer;

/** What NRI tells of an OCI runtime specification. */
final class SpecReader {
  private static final String LOCALHOST = "localhost/";

  private SpecReader() {}

  static Container.Builder into(Container.Builder container, JsonObject spec, String seccomp) {
    JsonObject process = spec.object("process");
    container
        .putAllAnnotations(spec.textMap("annotations"))
        .addAllArgs(process.texts("args"))
        .addAllEnv(process.texts("env"))
        .setUser(user(process.object("user")))
        .setLinux(linux(spec.object("linux"), process, seccomp));
    for (JsonObject mount : spec.objects("mounts")) {
      container.addMounts(
          Mount.newBuilder()
              .setDestination(mount.text("destination"))
              .setType(mount.text("type"))
              .setSource(mount.text("source"))
              .addAllOptions(mount.texts("options")));
    }
    for (JsonObject limit : process.objects("rlimits")) {
      container.addRlimits(
          POSIXRlimit.newBuilder()
              .setType(limit.text("type"))
              .setHard(Members.bits(limit, "hard"))
              .setSoft(Members.bits(limit, "soft")));
    }
    hooks(container, spec.object("hooks"));
    return container;
  }

  private static User user(JsonObject user) {
    User.Builder message =
        User.newBuilder().setUid((int) user.number("uid", 0)).setGid((int) user.number("gid", 0));
    if (user.members().get("additionalGids") instanceof List<?> groups) {
      for (Object group : groups) {
        if (group instanceof Number number) {
          message.addAdditionalGids(number.intValue());
        }
      }
    }
    return message.build();
  }

  private static void hooks(Container.Builder container, JsonObject hooks) {
    var message = container.getHooksBuilder();
    each(hooks, "prestart", message::addPrestart);
    each(hooks, "createRuntime", message::addCreateRuntime);
    each(hooks, "createContainer", message::addCreateContainer);
    each(hooks, "startContainer", message::addStartContainer);
    each(hooks, "poststart", message::addPoststart);
    each(hooks, "poststop", message::addPoststop);
  }

  private static void each(JsonObject hooks, String moment, Consumer<Hook> to) {
    for (JsonObject hook : hooks.objects(moment)) {
      Hook.Builder message =
          Hook.newBuilder()
              .setPath(hook.text("path"))
              .addAllArgs(hook.texts("args"))
              .addAllEnv(hook.texts("env"));
      if (hook.has("timeout")) {
        message.setTimeout(OptionalInt.newBuilder().setValue(hook.number("timeout", 0)));
      }
      to.accept(message.build());
    }
  }

  private static LinuxContainer linux(JsonObject linux, JsonObject process, String seccomp) {
    LinuxContainer.Builder message =
        LinuxContainer.newBuilder()
            .setResources(Limits.read(linux.object("resources")))
            .setCgroupsPath(linux.text("cgroupsPath"))
            .setSeccompProfile(profile(seccomp))
            .putAllSysctl(linux.textMap("sysctl"));
    for (JsonObject namespace : linux.objects("namespaces")) {
      message.addNamespaces(
          LinuxNamespace.newBuilder()
              .setType(namespace.text("type"))
              .setPath(namespace.text("path")));
    }
    linux.objects("devices").forEach(device -> message.addDevices(device(device)));
    JsonObject networks = linux.object("netDevices");
    networks
        .members()
        .keySet()
        .forEach(name ->
            message.putNetDevices(
                name,
                LinuxNetDevice.newBuilder().setName(networks.object(name).text("name")).build()));
    if (process.has("oomScoreAdj")) {
      message.setOomScoreAdj(OptionalInt.newBuilder().setValue(process.number("oomScoreAdj", 0)));
    }
    if (process.has("ioPriority")) {
      message.setIoPriority(priority(process.object("ioPriority")));
    }
    if (process.has("scheduler")) {
      message.setScheduler(scheduler(process.object("scheduler")));
    }
    if (linux.has("seccomp")) {
      message.setSeccompPolicy(policy(linux.object("seccomp")));
    }
    if (linux.has("intelRdt")) {
      message.setRdt(rdt(linux.object("intelRdt")));
    }
    return message.build();
  }

  private static SecurityProfile profile(String seccomp) {
    SecurityProfile.Builder profile = SecurityProfile.newBuilder();
    if (seccomp.startsWith(LOCALHOST)) {
      return profile
          .setProfileType(SecurityProfile.ProfileType.LOCALHOST)
          .setLocalhostRef(seccomp.substring(LOCALHOST.length()))
          .build();
    }
    return profile
        .setProfileType(
            seccomp.isEmpty()
                ? SecurityProfile.ProfileType.UNCONFINED
                : SecurityProfile.ProfileType.RUNTIME_DEFAULT)
        .build();
  }

  private static LinuxDevice device(JsonObject device) {
    LinuxDevice.Builder message =
        LinuxDevice.newBuilder()
            .setPath(device.text("path"))
            .setType(device.text("type"))
            .setMajor(device.number("major", 0))
            .setMinor(device.number("minor", 0));
    if (device.has("fileMode")) {
      message.setFileMode(
          OptionalFileMode.newBuilder().setValue((int) device.number("fileMode", 0)));
    }
    if (device.has("uid")) {
      message.setUid(OptionalUInt32.newBuilder().setValue((int) device.number("uid", 0)));
    }
    if (device.has("gid")) {
      message.setGid(OptionalUInt32.newBuilder().setValue((int) device.number("gid", 0)));
    }
    return message.build();
  }

  private static LinuxIOPriority priority(JsonObject priority) {
    return LinuxIOPriority.newBuilder()
        .setClass_(
            Enums.named(
                IOPrioClass.values(), priority.text("class"), IOPrioClass.IOPRIO_CLASS_NONE))
        .setPriority((int) priority.number("priority", 0))
        .build();
  }

  private static LinuxScheduler scheduler(JsonObject scheduler) {
    LinuxScheduler.Builder message =
        LinuxScheduler.newBuilder()
            .setPolicy(
                Enums.named(
                    LinuxSchedulerPolicy.values(),
                    scheduler.text("policy"),
                    LinuxSchedulerPolicy.SCHED_NONE))
            .setNice((int) scheduler.number("nice", 0))
            .setPriority((int) scheduler.number("priority", 0))
            .setRuntime(Members.bits(scheduler, "runtime"))
            .setDeadline(Members.bits(scheduler, "deadline"))
            .setPeriod(Members.bits(scheduler, "period"));
    for (LinuxSchedulerFlag flag : LinuxSchedulerFlag.values()) {
      if (scheduler.texts("flags").contains(flag.name())) {
        message.addFlags(flag);
      }
    }
    return message.build();
  }

  private static LinuxSeccomp policy(JsonObject seccomp) {
    LinuxSeccomp.Builder message =
        LinuxSeccomp.newBuilder()
            .setDefaultAction(seccomp.text("defaultAction"))
            .addAllArchitectures(seccomp.texts("architectures"))
            .addAllFlags(seccomp.texts("flags"))
            .setListenerPath(seccomp.text("listenerPath"))
            .setListenerMetadata(seccomp.text("listenerMetadata"));
    if (seccomp.has("defaultErrnoRet")) {
      message.setDefaultErrno(number(seccomp.number("defaultErrnoRet", 0)));
    }
    for (JsonObject rule : seccomp.objects("syscalls")) {
      LinuxSyscall.Builder syscall =
          LinuxSyscall.newBuilder().addAllNames(rule.texts("names")).setAction(rule.text("action"));
      if (rule.has("errnoRet")) {
        syscall.setErrnoRet(number(rule.number("errnoRet", 0)));
      }
      for (JsonObject argument : rule.objects("args")) {
        syscall.addArgs(
            LinuxSeccompArg.newBuilder()
                .setIndex((int) argument.number("index", 0))
                .setValue(Members.bits(argument, "value"))
                .setValueTwo(Members.bits(argument, "valueTwo"))
                .setOp(argument.text("op")));
      }
      message.addSyscalls(syscall);
    }
    return message.build();
  }

  private static OptionalUInt32 number(long value) {
    return OptionalUInt32.newBuilder().setValue((int) value).build();
  }

  private static LinuxRdt rdt(JsonObject rdt) {
    LinuxRdt.Builder message = LinuxRdt.newBuilder();
    if (rdt.has("closID")) {
      message.setClosId(OptionalString.newBuilder().setValue(rdt.text("closID")));
    }
    if (rdt.has("schemata")) {
      message.setSchemata(OptionalRepeatedString.newBuilder().addAllValue(rdt.texts("schemata")));
    }
    if (rdt.has("enableMonitoring")) {
      message.setEnableMonitoring(OptionalBool.newBuilder().setValue(rdt.flag("enableMonitoring")));
    }
    return message.build();
  }
}
