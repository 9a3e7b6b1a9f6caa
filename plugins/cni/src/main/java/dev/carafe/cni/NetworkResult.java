package dev.carafe.cni;

import java.util.List;
import java.util.Map;

/**
 * What the networks of a pod have given it.
 *
 * @param addresses of the pod's first interface, the preferred one first
 * @param interfaces of all networks, those on the host too
 * @param routes of all networks
 * @param dns what networks say of names; of several the first that says anything
 * @param raw the plugins' last results by the pod's interface, as JSON, for verbose answers
 */
public record NetworkResult(
    List<Address> addresses,
    List<Interface> interfaces,
    List<Route> routes,
    Dns dns,
    Map<String, String> raw) {
  public NetworkResult {
    addresses = List.copyOf(addresses);
    interfaces = List.copyOf(interfaces);
    routes = List.copyOf(routes);
    raw = Map.copyOf(raw);
  }

  /** The addresses without their prefix, the preferred one first. */
  public List<String> ips() {
    return addresses.stream().map(Address::ip).distinct().toList();
  }

  /**
   * An address of an interface.
   *
   * @param cidr with the length of its prefix
   * @param gateway or empty
   */
  public record Address(String cidr, String gateway) {
    public String ip() {
      return cidr.substring(0, cidr.indexOf('/'));
    }

    boolean isIpv6() {
      return cidr.indexOf(':') >= 0;
    }
  }

  /**
   * An interface.
   *
   * @param mac or empty
   * @param sandbox path of the namespace that it is in; empty on the host
   * @param mtu in bytes; 0 if not said
   * @param addresses in the order of the plugins
   */
  public record Interface(
      String name, String mac, String sandbox, long mtu, List<Address> addresses) {
    public Interface {
      addresses = List.copyOf(addresses);
    }
  }

  /**
   * A route.
   *
   * @param gateway or empty
   */
  public record Route(String destination, String gateway) {}

  /** Name servers and what goes with them. */
  public record Dns(
      List<String> nameservers, String domain, List<String> search, List<String> options) {
    static final Dns NONE = new Dns(List.of(), "", List.of(), List.of());

    public Dns {
      nameservers = List.copyOf(nameservers);
      search = List.copyOf(search);
      options = List.copyOf(options);
    }
  }
}
