package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A pod as its network sees it.
 *
 * @param id of the sandbox: 1 to 128 letters, digits, {@code _.-}, the first a letter or digit
 * @param namespace of the pod, passed on as {@code K8S_POD_NAMESPACE}
 * @param name of the pod, passed on as {@code K8S_POD_NAME}
 * @param uid of the pod, passed on as {@code K8S_POD_UID}
 * @param netns absolute path of its network namespace
 * @param handler whose networks it gets; one that has none of its own gets the default
 * @param ports published on the host, for plugins with the capability {@code portMappings}; those
 *     without a host port are left out
 * @param bandwidth for plugins with the capability {@code bandwidth}, or null
 * @param dns for plugins with the capability {@code dns}
 * @param annotations of the pod, for plugins with the capability {@code
 *     io.kubernetes.cri.pod-annotations} or {@code podAnnotations}
 * @param cgroupPath for plugins with the capability {@code cgroupPath}, or empty
 */
public record PodNetwork(
    String id,
    String namespace,
    String name,
    String uid,
    Path netns,
    String handler,
    List<PortMapping> ports,
    @Nullable Bandwidth bandwidth,
    Dns dns,
    Map<String, String> annotations,
    String cgroupPath) {
  private static final int MOST_PORTS = 4096;
  private static final int LONGEST_ARGUMENT = 1024;

  public PodNetwork {
    Names.requireId(id);
    requireArgument("namespace", namespace);
    requireArgument("name", name);
    requireArgument("uid", uid);
    if (!netns.isAbsolute()) {
      throw new InvalidArgumentException(
          "pod \"" + id + "\": network namespace \"" + netns + "\" is not an absolute path");
    }
    ports = List.copyOf(ports);
    if (ports.size() > MOST_PORTS) {
      throw new InvalidArgumentException("pod \"" + id + "\": more than " + MOST_PORTS + " ports");
    }
    annotations = Map.copyOf(annotations);
  }

  /** A pod without wishes. */
  public static PodNetwork of(
      String id, String namespace, String name, String uid, Path netns, String handler) {
    return new PodNetwork(
        id, namespace, name, uid, netns, handler, List.of(), null, Dns.NONE, Map.of(), "");
  }

  /**
   * A port of the pod on the host.
   *
   * @param hostPort 1 to 65535; 0 if it is not published
   * @param containerPort 1 to 65535
   * @param protocol {@code tcp}, {@code udp} or {@code sctp}
   * @param hostIp the only address of the host that it is on; empty for all
   */
  public record PortMapping(int hostPort, int containerPort, String protocol, String hostIp) {
    public PortMapping {
      if (hostPort < 0 || hostPort > 65535) {
        throw new InvalidArgumentException("host port " + hostPort + " is not in 0 to 65535");
      }
      if (containerPort < 1 || containerPort > 65535) {
        throw new InvalidArgumentException("port " + containerPort + " is not in 1 to 65535");
      }
      if (!protocol.equals("tcp") && !protocol.equals("udp") && !protocol.equals("sctp")) {
        throw new InvalidArgumentException("protocol \"" + protocol + "\" is not tcp, udp or sctp");
      }
      if (!hostIp.isEmpty()) {
        Names.requireAddress(hostIp);
      }
    }
  }

  /** Limits; rates in bits per second, 0 for no limit; bursts in bits, 0 for as large as may be. */
  public record Bandwidth(long ingressRate, long ingressBurst, long egressRate, long egressBurst) {
    public Bandwidth {
      if (ingressRate < 0 || ingressBurst < 0 || egressRate < 0 || egressBurst < 0) {
        throw new InvalidArgumentException("bandwidth: negative");
      }
    }

    /**
     * What Kubernetes' annotations {@code kubernetes.io/ingress-bandwidth} and {@code
     * kubernetes.io/egress-bandwidth} say, which are quantities of bits per second such as {@code
     * 10M}; empty if there is none.
     *
     * @throws InvalidArgumentException if one is no quantity from 1k to 1P
     */
    public static Optional<Bandwidth> of(Map<String, String> annotations) {
      long ingress = Quantity.bandwidth(annotations, "kubernetes.io/ingress-bandwidth");
      long egress = Quantity.bandwidth(annotations, "kubernetes.io/egress-bandwidth");
      return ingress == 0 && egress == 0
          ? Optional.empty()
          : Optional.of(new Bandwidth(ingress, 0, egress, 0));
    }
  }

  /** What is to be in the pod's {@code resolv.conf}. */
  public record Dns(List<String> servers, List<String> searches, List<String> options) {
    public static final Dns NONE = new Dns(List.of(), List.of(), List.of());

    public Dns {
      servers = List.copyOf(servers);
      searches = List.copyOf(searches);
      options = List.copyOf(options);
    }

    boolean isEmpty() {
      return servers.isEmpty() && searches.isEmpty() && options.isEmpty();
    }
  }

  /** {@code CNI_ARGS}. */
  String arguments() {
    return "IgnoreUnknown=1;K8S_POD_NAMESPACE="
        + namespace
        + ";K8S_POD_NAME="
        + name
        + ";K8S_POD_INFRA_CONTAINER_ID="
        + id
        + ";K8S_POD_UID="
        + uid;
  }

  private static void requireArgument(String what, String value) {
    boolean bad =
        value.length() > LONGEST_ARGUMENT
            || value.chars().anyMatch(c -> c < ' ' || c == 0x7f || c == ';' || c == '=');
    if (bad) {
      throw new InvalidArgumentException(
          "pod "
              + what
              + ": cannot be an argument of a CNI plugin (too long, or has ; = or"
              + " control characters)");
    }
  }
}
