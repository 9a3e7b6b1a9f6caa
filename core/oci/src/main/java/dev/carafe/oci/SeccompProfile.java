package dev.carafe.oci;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The system calls that a container may use unless it is told otherwise: the same as under Docker
 * and containerd, so that what runs there runs here. What is not listed fails with EPERM.
 */
public final class SeccompProfile {
  private static final String ALLOWED =
      """
      _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget
      capset chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres
      clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
      clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2
      dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
      epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group
      faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod
      fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr
      flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
      fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait
      futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd
      getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups
      getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
      getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid
      getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat
      inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
      io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl
      ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
      landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount
      listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lsm_get_self_attr
      lsm_list_modules lsm_set_self_attr lstat lstat64 madvise map_shadow_stack
      membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock
      mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open
      mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
      mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
      name_to_handle_at nanosleep newfstatat open openat openat2 pause pidfd_open
      pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll
      ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
      process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64
      pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
      recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat
      renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
      rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
      rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity
      sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
      sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
      sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
      semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list
      set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid
      setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32
      setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid
      setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown
      sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice
      stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range
      syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun
      timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
      timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill
      truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime
      utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
      """;

  /** System calls that a capability brings with it. */
  private static final Map<String, String> WITH_CAPABILITY =
      Map.ofEntries(
          Map.entry("CAP_BPF", "bpf"),
          Map.entry("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
          Map.entry("CAP_PERFMON", "perf_event_open"),
          Map.entry(
              "CAP_SYS_ADMIN",
              "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount"
                  + " mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd"
                  + " setdomainname sethostname setns syslog umount umount2 unshare"),
          Map.entry("CAP_SYS_BOOT", "reboot"),
          Map.entry("CAP_SYS_CHROOT", "chroot"),
          Map.entry("CAP_SYS_MODULE", "delete_module finit_module init_module"),
          Map.entry("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
          Map.entry("CAP_SYS_PACCT", "acct"),
          Map.entry("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise"),
          Map.entry("CAP_SYS_RAWIO", "ioperm iopl"),
          Map.entry("CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
          Map.entry("CAP_SYS_TTY_CONFIG", "vhangup"),
          Map.entry("CAP_SYSLOG", "syslog"));

  /** Names of the ABIs, and the system calls that only they have, by {@code os.arch}. */
  private static final Map<String, List<String>> ARCHITECTURES =
      Map.of(
          "amd64",
          List.of("SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32", "arch_prctl modify_ldt"),
          "aarch64",
          List.of(
              "SCMP_ARCH_AARCH64 SCMP_ARCH_ARM",
              "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls"
                  + " sync_file_range2"),
          "riscv64",
          List.of("SCMP_ARCH_RISCV64", "riscv_flush_icache riscv_hwprobe"));

  /** The flags of clone(2) that make namespaces; that of times is a signal number there. */
  private static final long NEW_NAMESPACES = 0x7e020000L;

  private static final long AF_ALG = 38;
  private static final long AF_VSOCK = 40;
  private static final long ENOSYS = 38;
  private static final List<Long> PERSONALITIES = List.of(0L, 8L, 0x20000L, 0x20008L, 0xffffffffL);

  private SeccompProfile() {}

  /** The {@code linux.seccomp} object for a process with these capabilities, on this machine. */
  public static Map<String, Object> ofDefault(Collection<String> capabilities) {
    return ofDefault(capabilities, System.getProperty("os.arch", ""));
  }

  static Map<String, Object> ofDefault(Collection<String> capabilities, String architecture) {
    List<String> machine = ARCHITECTURES.getOrDefault(architecture, List.of("", ""));
    List<String> names = new ArrayList<>(words(ALLOWED));
    names.addAll(words(machine.get(1)));
    capabilities.stream().sorted().forEach(c -> names.addAll(words(with(c))));
    List<Map<String, Object>> rules = new ArrayList<>();
    rules.add(allow(names.stream().distinct().toList()));
    // Ranges, because two conditions on one argument would be alternatives.
    rules.add(allow("socket", "SCMP_CMP_LT", AF_ALG, 0));
    rules.add(allow("socket", "SCMP_CMP_EQ", AF_ALG + 1, 0));
    rules.add(allow("socket", "SCMP_CMP_GT", AF_VSOCK, 0));
    PERSONALITIES.forEach(value -> rules.add(allow("personality", "SCMP_CMP_EQ", value, 0)));
    if (!capabilities.contains("CAP_SYS_ADMIN")) {
      rules.add(allow("clone", "SCMP_CMP_MASKED_EQ", NEW_NAMESPACES, 0));
      // A C library that is told ENOSYS falls back to clone.
      rules.add(Map.of("names", List.of("clone3"), "action", "SCMP_ACT_ERRNO", "errnoRet", ENOSYS));
    }
    Map<String, Object> profile = new LinkedHashMap<>();
    profile.put("defaultAction", "SCMP_ACT_ERRNO");
    if (!machine.getFirst().isEmpty()) {
      profile.put("architectures", words(machine.getFirst()));
    }
    profile.put("syscalls", rules);
    return profile;
  }

  private static String with(String capability) {
    return WITH_CAPABILITY.getOrDefault(capability, "");
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
  }

  private static Map<String, Object> allow(List<String> names) {
    return Map.of("names", names, "action", "SCMP_ACT_ALLOW");
  }

  private static Map<String, Object> allow(String name, String op, long value, long second) {
    Map<String, Object> condition = new LinkedHashMap<>();
    condition.put("index", 0L);
    condition.put("value", value);
    condition.put("valueTwo", second);
    condition.put("op", op);
    Map<String, Object> rule = new LinkedHashMap<>(allow(List.of(name)));
    rule.put("args", List.of(condition));
    return rule;
  }
}
