package com.example.jsonlog;

import dev.carafe.spi.logs.LogLine;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** {@code {"n":0,"time":"...","stream":"stdout","text":"..."}}. */
final class Json {
  private Json() {}

  static void line(StringBuilder out, long number, LogLine line) {
    out.append("{\"n\":").append(number);
    out.append(",\"time\":\"").append(line.time());
    out.append("\",\"stream\":\"").append(line.stderr() ? "stderr" : "stdout").append('"');
    if (line.partial()) {
      out.append(",\"partial\":true");
    }
    try {
      // A new decoder reports what is not UTF-8; String's constructor would replace it.
      CharSequence text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line.text()));
      out.append(",\"text\":\"");
      escape(out, text);
    } catch (CharacterCodingException e) {
      out.append(",\"base64\":\"").append(Base64.getEncoder().encodeToString(line.text()));
    }
    out.append("\"}\n");
  }

  private static void escape(StringBuilder out, CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
  }
}
