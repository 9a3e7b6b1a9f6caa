package dev.carafe.cni;

import dev.carafe.cni.NetworkResult.Address;
import dev.carafe.cni.NetworkResult.Dns;
import dev.carafe.cni.NetworkResult.Interface;
import dev.carafe.cni.NetworkResult.Route;
import dev.carafe.oci.JsonObject;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads what a plugin returns from ADD, in the form of any version. What it says may end up in
 * files of containers: addresses must be addresses, and no text has control characters. All methods
 * throw {@link InvalidArgumentException}.
 */
final class ResultReader {
  private static final int MOST = 1024;
  private static final int LONGEST_TEXT = 4096;

  private ResultReader() {}

  /**
   * What one network says.
   *
   * @param addresses of the pod's interface
   */
  record Reading(
      List<Interface> interfaces, List<Address> addresses, List<Route> routes, Dns dns) {}

  static Reading read(Map<String, Object> result, String ifName) {
    JsonObject json = new JsonObject("result", result);
    return json.has("ip4") || json.has("ip6") ? readOld(json, ifName) : readNew(json, ifName);
  }

  private static Reading readNew(JsonObject json, String ifName) {
    List<JsonObject> described = bounded(json.objects("interfaces"), "interfaces");
    List<List<Address>> addressesOf = new ArrayList<>();
    described.forEach(_ -> addressesOf.add(new ArrayList<>()));
    List<Address> unassigned = new ArrayList<>();
    for (JsonObject ip : bounded(json.objects("ips"), "ips")) {
      Address address = address(ip.text("address"), ip.text("gateway"));
      if (ip.has("interface")) {
        long index = ip.number("interface", -1);
        if (index < 0 || index >= described.size()) {
          throw new InvalidArgumentException(
              "address " + address.cidr() + " is of interface " + index + ", which there is not");
        }
        addressesOf.get((int) index).add(address);
      } else {
        unassigned.add(address);
      }
    }
    List<Interface> interfaces = new ArrayList<>();
    for (int i = 0; i < described.size(); i++) {
      interfaces.add(describe(described.get(i), addressesOf.get(i)));
    }
    return new Reading(
        interfaces,
        ofPod(interfaces, unassigned, ifName),
        routes(json.objects("routes")),
        dns(json.object("dns")));
  }

  /**
   * The pod's interface is in its sandbox and has the name that was asked for; where a plugin had
   * to name it otherwise, as for virtual machines, it is whatever is in a sandbox.
   */
  private static List<Address> ofPod(
      List<Interface> interfaces, List<Address> unassigned, String ifName) {
    List<Address> named = new ArrayList<>();
    List<Address> inSandbox = new ArrayList<>();
    for (Interface one : interfaces) {
      if (!one.sandbox().isEmpty()) {
        inSandbox.addAll(one.addresses());
        if (one.name().equals(ifName)) {
          named.addAll(one.addresses());
        }
      }
    }
    List<Address> addresses = new ArrayList<>(named.isEmpty() ? inSandbox : named);
    addresses.addAll(unassigned);
    return addresses;
  }

  /** Before 0.3.0: one address of each family, and no interfaces. */
  private static Reading readOld(JsonObject json, String ifName) {
    List<Address> addresses = new ArrayList<>();
    List<Route> routes = new ArrayList<>();
    for (String family : List.of("ip4", "ip6")) {
      if (json.has(family)) {
        JsonObject ip = json.object(family);
        addresses.add(address(ip.text("ip"), ip.text("gateway")));
        routes.addAll(routes(ip.objects("routes")));
      }
    }
    Interface one = new Interface(ifName, "", "", 0, addresses);
    return new Reading(List.of(one), addresses, routes, dns(json.object("dns")));
  }

  private static Interface describe(JsonObject json, List<Address> addresses) {
    return new Interface(
        text(json, "name"),
        text(json, "mac"),
        text(json, "sandbox"),
        json.number("mtu", 0),
        addresses);
  }

  private static Address address(String cidr, String gateway) {
    Names.requireCidr(cidr);
    if (!gateway.isEmpty()) {
      Names.requireAddress(gateway);
    }
    return new Address(cidr, gateway);
  }

  private static List<Route> routes(List<JsonObject> described) {
    List<Route> routes = new ArrayList<>();
    for (JsonObject route : bounded(described, "routes")) {
      String gateway = route.text("gw");
      if (!gateway.isEmpty()) {
        Names.requireAddress(gateway);
      }
      routes.add(new Route(Names.requireCidr(route.text("dst")), gateway));
    }
    return routes;
  }

  private static Dns dns(JsonObject json) {
    List<String> servers = bounded(json.texts("nameservers"), "nameservers");
    servers.forEach(ResultReader::clean);
    return new Dns(
        servers,
        text(json, "domain"),
        cleanAll(json.texts("search")),
        cleanAll(json.texts("options")));
  }

  private static List<String> cleanAll(List<String> texts) {
    return bounded(texts, "dns").stream().map(ResultReader::clean).toList();
  }

  private static String text(JsonObject json, String name) {
    return clean(json.text(name));
  }

  private static String clean(String text) {
    if (text.length() > LONGEST_TEXT || text.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidArgumentException(
          "\"" + Text.shown(text) + "\" is too long or has control characters");
    }
    return text;
  }

  private static <T> List<T> bounded(List<T> list, String what) {
    if (list.size() > MOST) {
      throw new InvalidArgumentException("more than " + MOST + " " + what);
    }
    return list;
  }
}
