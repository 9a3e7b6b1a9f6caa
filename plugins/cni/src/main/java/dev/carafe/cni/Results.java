package dev.carafe.cni;

import dev.carafe.cni.NetworkResult.Address;
import dev.carafe.cni.NetworkResult.Dns;
import dev.carafe.cni.NetworkResult.Interface;
import dev.carafe.cni.NetworkResult.Route;
import dev.carafe.oci.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts the results of a pod's networks together. */
final class Results {
  private Results() {}

  static NetworkResult of(List<Attachment> attachments, IpPreference preference) {
    List<Address> addresses = List.of();
    List<Interface> interfaces = new ArrayList<>();
    List<Route> routes = new ArrayList<>();
    Dns dns = Dns.NONE;
    Map<String, String> raw = new LinkedHashMap<>();
    for (Attachment attachment : attachments) {
      ResultReader.Reading reading = ResultReader.read(attachment.result(), attachment.ifName());
      if (attachment == attachments.getFirst()) {
        addresses = ordered(reading.addresses(), preference);
      }
      interfaces.addAll(reading.interfaces());
      routes.addAll(reading.routes());
      if (dns.equals(Dns.NONE)) {
        dns = reading.dns();
      }
      raw.put(
          attachment.ifName(), new String(Json.bytes(attachment.result()), StandardCharsets.UTF_8));
    }
    return new NetworkResult(addresses, interfaces, routes, dns, raw);
  }

  private static List<Address> ordered(List<Address> addresses, IpPreference preference) {
    return switch (preference) {
      case CNI -> addresses;
      case IPV4 -> addresses.stream().sorted(Comparator.comparing(Address::isIpv6)).toList();
      case IPV6 ->
          addresses.stream().sorted(Comparator.comparing(Address::isIpv6).reversed()).toList();
    };
  }
}
