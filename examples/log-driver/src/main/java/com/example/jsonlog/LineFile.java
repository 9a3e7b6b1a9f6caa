package com.example.jsonlog;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of JSON lines, each with its number first. */
final class LineFile {
  private static final Pattern NUMBER = Pattern.compile("\\{\"n\":([0-9]{1,18}),");
  private static final int BLOCK = 1 << 16;

  private LineFile() {}

  /**
   * Cuts off a line that a crash left unfinished.
   *
   * @return the number of the next line
   */
  static long repair(Path path) throws IOException {
    if (!Files.exists(path)) {
      return 0;
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      long end = endOfLine(file, file.length());
      file.setLength(end);
      if (end == 0) {
        return 0;
      }
      file.seek(endOfLine(file, end - 1));
      byte[] start = new byte[(int) Math.min(64, end - file.getFilePointer())];
      file.readFully(start);
      Matcher number = NUMBER.matcher(new String(start, StandardCharsets.ISO_8859_1).strip());
      if (!number.lookingAt()) {
        throw new IOException(path + ": its last line has no number");
      }
      return Long.parseLong(number.group(1)) + 1;
    }
  }

  /** The position behind the last line's end before {@code before}; 0 if there is none. */
  private static long endOfLine(RandomAccessFile file, long before) throws IOException {
    byte[] block = new byte[BLOCK];
    for (long end = before; end > 0; ) {
      int length = (int) Math.min(BLOCK, end);
      file.seek(end - length);
      file.readFully(block, 0, length);
      for (int i = length - 1; i >= 0; i--) {
        if (block[i] == '\n') {
          return end - length + i + 1;
        }
      }
      end -= length;
    }
    return 0;
  }

  static void append(Path path, CharSequence text) throws IOException {
    Files.createDirectories(path.getParent());
    try (FileOutputStream file = new FileOutputStream(path.toFile(), true)) {
      file.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }
  }
}
