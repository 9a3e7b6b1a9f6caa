package dev.carafe.plugin.nri;

import dev.carafe.api.nri.v1alpha1.CompoundFieldOwners;
import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.api.nri.v1alpha1.FieldOwners;
import dev.carafe.api.nri.v1alpha1.OwningPlugins;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which plugin has set what of which container, in one request. */
final class Ownership {
  private final Map<String, Map<String, Owned>> containers = new LinkedHashMap<>();

  private record Owned(Claim claim, String plugin) {}

  /**
   * Makes a plugin the owner of all that it sets, or of nothing.
   *
   * @throws FailedPreconditionException if another plugin has set one of it before
   */
  void claim(String container, List<Claim> claims, String plugin) {
    Map<String, Owned> owned = containers.computeIfAbsent(container, _ -> new LinkedHashMap<>());
    for (Claim claim : claims) {
      Owned other = owned.get(key(claim));
      if (other != null && !claim.taken() && !other.plugin().equals(plugin)) {
        throw new FailedPreconditionException(
            "NRI plugins \""
                + other.plugin()
                + "\" and \""
                + plugin
                + "\" both want to set "
                + claim
                + " of container "
                + container);
      }
    }
    claims.forEach(claim -> owned.put(key(claim), new Owned(claim, plugin)));
  }

  /** Adds a plugin to those that have hooks in a container. */
  void hooks(String container, String plugin) {
    var claim = new Claim(Field.OciHooks, "", false);
    containers
        .computeIfAbsent(container, _ -> new LinkedHashMap<>())
        .merge(
            key(claim),
            new Owned(claim, plugin),
            (present, _) -> new Owned(claim, present.plugin() + "," + plugin));
  }

  private static String key(Claim claim) {
    return claim.field().getNumber() + " " + claim.key();
  }

  /** The owner, or null. */
  @Nullable String owner(String container, Field field, String key) {
    Owned owned =
        containers.getOrDefault(container, Map.of()).get(key(new Claim(field, key, false)));
    return owned == null ? null : owned.plugin();
  }

  /** Owners by key, of a field with several values. */
  Map<String, String> owners(String container, Field field) {
    Map<String, String> owners = new LinkedHashMap<>();
    containers
        .getOrDefault(container, Map.of())
        .values()
        .forEach(owned -> {
          if (owned.claim().field() == field) {
            owners.put(owned.claim().key(), owned.plugin());
          }
        });
    return owners;
  }

  OwningPlugins message() {
    OwningPlugins.Builder message = OwningPlugins.newBuilder();
    containers.forEach((container, owned) -> {
      FieldOwners.Builder fields = FieldOwners.newBuilder();
      Map<Integer, CompoundFieldOwners.Builder> compounds = new LinkedHashMap<>();
      for (Owned one : owned.values()) {
        int field = one.claim().field().getNumber();
        if (one.claim().compound()) {
          compounds
              .computeIfAbsent(field, _ -> CompoundFieldOwners.newBuilder())
              .putOwners(one.claim().key(), one.plugin());
        } else {
          fields.putSimple(field, one.plugin());
        }
      }
      compounds.forEach((field, owners) -> fields.putCompound(field, owners.build()));
      message.putOwners(container, fields.build());
    });
    return message.build();
  }
}
