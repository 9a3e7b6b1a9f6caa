package dev.carafe.ctr.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7541, appendix C, and another implementation. */
class HpackTest {
  private final Hpack hpack = new Hpack();

  private Map<String, String> decode(String hex) {
    return hpack.decode(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  @Test
  void literalsAreRead() {
    assertEquals(
        Map.of("custom-key", "custom-header"),
        decode("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"));
    assertEquals(Map.of(":path", "/sample/path"), decode("040c 2f73 616d 706c 652f 7061 7468"));
    assertEquals(
        Map.of("password", "secret"), decode("1008 7061 7373 776f 7264 0673 6563 7265 74"));
    assertEquals(Map.of(":method", "GET"), decode("82"));
  }

  @Test
  void requestsWithoutHuffmanAreRead() {
    requests(
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65");
  }

  @Test
  void requestsWithHuffmanAreRead() {
    requests(
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf");
  }

  private void requests(String first, String second, String third) {
    Map<String, String> expected =
        new HashMap<>(
            Map.of(
                ":method", "GET",
                ":scheme", "http",
                ":path", "/",
                ":authority", "www.example.com"));
    assertEquals(expected, decode(first));
    expected.put("cache-control", "no-cache");
    assertEquals(expected, decode(second));
    expected.remove("cache-control");
    expected.putAll(
        Map.of(":scheme", "https", ":path", "/index.html", "custom-key", "custom-value"));
    assertEquals(expected, decode(third));
  }

  @Test
  void responsesThatEvictEntriesAreRead() {
    Map<String, String> expected =
        new HashMap<>(
            Map.of(
                ":status", "302",
                "cache-control", "private",
                "date", "Mon, 21 Oct 2013 20:13:21 GMT",
                "location", "https://www.example.com"));
    // The examples are for a table of 256 bytes.
    assertEquals(
        expected,
        decode(
            "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0"
                + "82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3"));
    expected.put(":status", "307");
    assertEquals(expected, decode("4883 640e ffc1 c0bf"));
    expected.put(":status", "200");
    expected.put("date", "Mon, 21 Oct 2013 20:13:22 GMT");
    expected.put("content-encoding", "gzip");
    expected.put("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
    assertEquals(
        expected,
        decode(
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad"
                + "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587"
                + "3160 65c0 03ed 4ee5 b106 3d50 07"));
  }

  @Test
  void wholeStaticTableIsKnown() {
    assertEquals(Map.of(":authority", ""), decode("81"));
    assertEquals(Map.of("accept-encoding", "gzip, deflate"), decode("90"));
    assertEquals(Map.of("www-authenticate", ""), decode("bd"));
    assertThrows(StatusException.class, () -> decode("be"));
  }

  @Test
  void whatNettyWritesIsRead() throws Exception {
    var encoder = new DefaultHttp2HeadersEncoder();
    Random random = new Random(1);
    for (int round = 0; round < 200; round++) {
      Http2Headers headers = new DefaultHttp2Headers(false);
      Map<String, String> expected = new HashMap<>();
      for (int i = 0; i < 10; i++) {
        StringBuilder value = new StringBuilder();
        for (int c = random.nextInt(300); c > 0; c--) {
          value.append((char) (round % 2 == 0 ? random.nextInt(256) : 'a' + random.nextInt(26)));
        }
        String name = "name-" + random.nextInt(20);
        headers.set(name, value.toString());
        expected.put(name, value.toString());
      }
      ByteBuf block = Unpooled.buffer();
      encoder.encodeHeaders(1, headers, block);

      assertEquals(expected, hpack.decode(ByteBufUtil.getBytes(block)));
    }
  }

  @Test
  void whatIsWrittenCanBeRead() {
    String longer = "v".repeat(20_000);

    assertEquals(
        Map.of("a", "", "b", longer, "c", "x".repeat(127)),
        hpack.decode(Hpack.encode(List.of("a", "", "b", longer, "c", "x".repeat(127)))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80", // index 0
        "ff ff ff ff ff ff", // index without an end
        "40 0a 61", // shorter than it says
        "40", // nothing behind it
        "00 01 61 ff ff ff ff 7f", // longer than anything
        "00 01 61 82 ff ff", // Huffman padding of more than seven bits
        "00 01 61 81 18", // Huffman padding that is no ones
        "00 01 61 84 ff ff ff ff" // Huffman end of string
      })
  void brokenBlockIsRefused(String hex) {
    assertThrows(StatusException.class, () -> decode(hex));
  }
}
