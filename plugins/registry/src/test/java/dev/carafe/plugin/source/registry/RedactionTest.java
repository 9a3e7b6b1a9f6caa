package dev.carafe.plugin.source.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import org.junit.jupiter.api.Test;

final class RedactionTest {
  @Test
  void urlsLoseUserAndQuery() {
    assertEquals(
        "get https://x.test/a/b?[redacted] now",
        Redaction.text("get https://ann:s3cret@x.test/a/b?sig=geheim&x=y now"));
    assertEquals(
        "s3://bucket/key?[redacted]", Redaction.text("s3://bucket/key?X-Amz-Signature=geheim"));
    assertEquals("https://x.test/a", Redaction.uri(URI.create("https://x.test/a#geheim")));
    assertEquals("https://x.test/v2/a@sha256:ab", Redaction.text("https://x.test/v2/a@sha256:ab"));
  }

  @Test
  void tokensAreHidden() {
    assertEquals("sent Bearer [redacted]!", Redaction.text("sent Bearer eyJhbGciOi.J9-_x/y+z==!"));
    assertEquals("basic [redacted]", Redaction.text("basic YW5uOnMzY3JldA=="));
    assertEquals("a basic test", Redaction.text("a basic test"));
  }

  @Test
  void textBecomesOneBoundedPrintableLine() {
    assertEquals("a b c", Redaction.text("  a\r\n\tb\u0000\u001b\u202ec "));
    assertEquals(303, Redaction.text("x".repeat(100_000)).length());
    assertEquals("", Redaction.text(null));
  }
}
