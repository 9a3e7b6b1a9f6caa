package dev.carafe.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which devices a container may use (OCI runtime specification, "Allowed Device list"). */
final class DeviceRules {
  private static final String EVERYTHING = "rwm";

  /** Major and minor numbers of null, zero, full, random and of terminals; -1 for any. */
  private static final long[][] USUAL = {
    {1, 3}, {1, 8}, {1, 7}, {5, 0}, {1, 5}, {1, 9}, {5, 1}, {136, -1}, {5, 2}
  };

  static final List<Map<String, Object>> ALL = List.of(rule(true, "a", -1, -1, EVERYTHING));

  private DeviceRules() {}

  /** Nothing but the usual ones and these. */
  static List<Map<String, Object>> with(List<Map<String, Object>> further) {
    List<Map<String, Object>> rules = new ArrayList<>();
    rules.add(rule(false, "a", -1, -1, EVERYTHING));
    for (long[] device : USUAL) {
      rules.add(allow("c", device[0], device[1], EVERYTHING));
    }
    rules.addAll(further);
    return rules;
  }

  static Map<String, Object> allow(String type, long major, long minor, String access) {
    return rule(true, type, major, minor, access);
  }

  private static Map<String, Object> rule(
      boolean allow, String type, long major, long minor, String access) {
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("allow", allow);
    if (!type.equals("a")) {
      rule.put("type", type);
    }
    if (major >= 0) {
      rule.put("major", major);
    }
    if (minor >= 0) {
      rule.put("minor", minor);
    }
    rule.put("access", access);
    return rule;
  }
}
