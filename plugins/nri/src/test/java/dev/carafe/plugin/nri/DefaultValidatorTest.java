package dev.carafe.plugin.nri;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.api.nri.v1alpha1.Field;
import dev.carafe.plugin.nri.NriConfig.Validator;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.PermissionDeniedException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DefaultValidatorTest {
  private static final String TOLERATE = "tolerate.example";
  private static final Validator STRICT =
      new Validator(true, true, true, true, true, true, true, List.of(), TOLERATE);
  private static final Validator LOOSE =
      new Validator(true, false, false, false, false, false, false, List.of(), "");

  private static void check(Validator rules, Ownership ownership, String seccomp) {
    new DefaultValidator(rules)
        .check(
            Facts.pod(Map.of()),
            Facts.container("c1", Facts.SPEC, seccomp),
            ownership,
            Set.of("a"));
  }

  private static Ownership owning(Field field, String key) {
    var ownership = new Ownership();
    ownership.claim("c1", List.of(new Claim(field, key, false)), "00-a");
    return ownership;
  }

  @Test
  void whatARuleForbidsIsRefusedAndThePluginIsNamed() {
    for (Ownership ownership :
        List.of(
            owning(Field.OciHooks, ""),
            owning(Field.SeccompPolicy, ""),
            owning(Field.Namespace, "pid"),
            owning(Field.Sysctl, "net.x"))) {
      // When
      var refusal =
          assertThrows(PermissionDeniedException.class, () -> check(STRICT, ownership, ""));

      // Then
      assertTrue(String.valueOf(refusal.getMessage()).contains("00-a"));
      assertDoesNotThrow(() -> check(LOOSE, ownership, ""));
    }
    assertDoesNotThrow(() -> check(STRICT, owning(Field.Env, "A"), ""));
  }

  @Test
  void seccompRulesGoByTheProfileThatIsReplaced() {
    // Given
    Ownership ownership = owning(Field.SeccompPolicy, "");
    var onlyDefault = new Validator(true, false, true, false, false, false, false, List.of(), "");
    var onlyUnconfined =
        new Validator(true, false, false, true, false, false, false, List.of(), "");
    var onlyCustom = new Validator(true, false, false, false, true, false, false, List.of(), "");

    // Then
    assertThrows(
        PermissionDeniedException.class, () -> check(onlyDefault, ownership, "runtime/default"));
    assertDoesNotThrow(() -> check(onlyDefault, ownership, ""));
    assertThrows(PermissionDeniedException.class, () -> check(onlyUnconfined, ownership, ""));
    assertDoesNotThrow(() -> check(onlyUnconfined, ownership, "localhost/x"));
    assertThrows(
        PermissionDeniedException.class, () -> check(onlyCustom, ownership, "localhost/x"));
    assertDoesNotThrow(() -> check(onlyCustom, ownership, "runtime/default"));
  }

  private static void required(Validator rules, Map<String, String> annotations) {
    new DefaultValidator(rules)
        .check(Facts.pod(annotations), Facts.container("c1"), new Ownership(), Set.of("there"));
  }

  @Test
  void aRequiredPluginThatIsMissingRefusesUnlessThePodToleratesThat() {
    // Given
    var rules =
        new Validator(
            true, false, false, false, false, false, false, List.of("there", "away"), TOLERATE);

    // Then
    assertThrows(PermissionDeniedException.class, () -> required(rules, Map.of()));
    assertDoesNotThrow(() -> required(rules, Map.of(TOLERATE, "true")));
    assertDoesNotThrow(() -> required(rules, Map.of(TOLERATE + "/container.main", "true")));
    assertThrows(
        PermissionDeniedException.class,
        () -> required(rules, Map.of(TOLERATE + "/container.other", "true")));
  }

  @Test
  void aPodMayRequirePluginsItself() {
    // Given
    String key = "required-plugins.noderesource.dev";

    // Then
    assertDoesNotThrow(() -> required(LOOSE, Map.of(key, "[\"there\"]")));
    assertThrows(
        PermissionDeniedException.class,
        () -> required(LOOSE, Map.of(key + "/container.main", "[\"away\"]")));
    assertThrows(InvalidArgumentException.class, () -> required(LOOSE, Map.of(key, "[\"there\"")));
  }

  @Test
  void rulesThatAreNotEnabledRefuseNothing() {
    // Given
    var off = new Validator(false, true, true, true, true, true, true, List.of("away"), "");

    // Then
    assertDoesNotThrow(() -> check(off, owning(Field.OciHooks, ""), ""));
  }
}
