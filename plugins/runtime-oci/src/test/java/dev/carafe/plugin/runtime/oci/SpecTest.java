package dev.carafe.plugin.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SpecTest {
  @Test
  void bytesStayAsTheyCameWhereNothingIsToBeChanged() {
    // Given
    byte[] json = bytes("{ \"process\": {\"terminal\": true,  \"oomScoreAdj\": 5} }");

    // Then
    assertSame(json, Spec.of(json, true, 0).json());
  }

  @Test
  void anOomScoreBelowWhatIsAllowedIsRaised() throws IOException {
    // When
    Spec spec = Spec.of(bytes("{\"process\": {\"oomScoreAdj\": -998}}"), false, -10);

    // Then
    assertEquals(-10, read(spec.json()).path("process").path("oomScoreAdj").asInt());
  }

  @Test
  void theTerminalFollowsTheRequest() throws IOException {
    // When
    byte[] process = Spec.process(bytes("{\"args\":[\"sh\"],\"terminal\":true}"), false, 0);

    // Then
    assertFalse(read(process).path("terminal").asBoolean());
  }

  @Test
  void largeUnsignedNumbersSurviveAChange() throws IOException {
    // When
    Spec spec =
        Spec.of(
            bytes(
                """
                {"process": {"terminal": true,
                 "rlimits": [{"type": "RLIMIT_FSIZE", "hard": 18446744073709551615}]}}
                """),
            false,
            0);

    // Then
    assertTrue(
        new String(spec.json(), StandardCharsets.UTF_8).contains("\"hard\":18446744073709551615"));
  }

  @Test
  void hooksAfterTheCreationNeedTheRuntime() {
    assertTrue(Spec.of(bytes("{\"hooks\": {\"prestart\": [{}]}}"), false, 0).plain());
    assertFalse(Spec.of(bytes("{\"hooks\": {\"poststop\": [{}]}}"), false, 0).plain());
    assertFalse(Spec.of(bytes("{\"hooks\": {\"poststart\": [{}]}}"), false, 0).plain());
    assertFalse(Spec.of(bytes("{\"linux\": {\"intelRdt\": {}}}"), false, 0).plain());
  }

  @Test
  void anOwnPidNamespaceIsOneWithoutAPath() {
    assertTrue(Spec.of(namespaces("{\"type\": \"pid\"}"), false, 0).ownPids());
    assertFalse(Spec.of(namespaces("{\"type\": \"pid\", \"path\": \"/x\"}"), false, 0).ownPids());
    assertFalse(Spec.of(namespaces("{\"type\": \"mount\"}"), false, 0).ownPids());
  }

  @Test
  void theGroupOfAMappedRootIsFound() {
    assertEquals(
        100000,
        Spec.of(
                bytes(
                    """
                    {"linux": {"cgroupsPath": "/a/b",
                     "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}]}}
                    """),
                false,
                0)
            .rootGid());
    assertEquals(-1, Spec.of(bytes("{}"), false, 0).rootGid());
  }

  @Test
  void whatIsNoObjectIsRefused() {
    assertThrows(InvalidArgumentException.class, () -> Spec.of(bytes("[1]"), false, 0));
    assertThrows(InvalidArgumentException.class, () -> Spec.of(bytes("{"), false, 0));
  }

  private static byte[] namespaces(String namespace) {
    return bytes("{\"linux\": {\"namespaces\": [" + namespace + "]}}");
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode read(byte[] json) throws IOException {
    return StateCodec.JSON.readTree(json);
  }
}
