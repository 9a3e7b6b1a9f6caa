package dev.carafe.plugin.proxy.support;

import com.google.protobuf.Timestamp;
import dev.carafe.api.types.Mount;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns parts of answers into records, or says what cannot be right about them. */
public final class Answers {
  private static final int MOST_MOUNTS = 64;
  private static final int MOST_OPTIONS = 512;
  private static final int MOST_TEXTS = 1024;
  private static final int LONGEST_PATH = 4096;
  private static final int LONGEST_OPTION = 64 << 10;
  private static final Pattern TYPE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  private final Peer peer;

  public Answers(Peer peer) {
    this.peer = peer;
  }

  /** Mounts, none of which may be unlike a mount call. */
  public List<dev.carafe.spi.mounts.Mount> mounts(List<Mount> mounts) {
    if (mounts.size() > MOST_MOUNTS) {
      throw peer.nonsense("answers with " + mounts.size() + " mounts");
    }
    List<dev.carafe.spi.mounts.Mount> checked = new ArrayList<>();
    for (Mount mount : mounts) {
      checked.add(mount(mount));
    }
    return List.copyOf(checked);
  }

  private dev.carafe.spi.mounts.Mount mount(Mount mount) {
    if (!TYPE.matcher(mount.getType()).matches()) {
      throw peer.nonsense("answers with a mount of type \"" + mount.getType() + "\"");
    }
    require("source", mount.getSource(), LONGEST_PATH);
    require("target", mount.getTarget(), LONGEST_PATH);
    for (String part : mount.getTarget().split("/", -1)) {
      if (part.equals("..")) {
        throw peer.nonsense("answers with a mount on \"" + mount.getTarget() + "\"");
      }
    }
    if (mount.getOptionsCount() > MOST_OPTIONS) {
      throw peer.nonsense("answers with a mount of " + mount.getOptionsCount() + " options");
    }
    mount.getOptionsList().forEach(option -> require("option", option, LONGEST_OPTION));
    return new dev.carafe.spi.mounts.Mount(
        mount.getType(), mount.getSource(), mount.getTarget(), mount.getOptionsList());
  }

  private void require(String what, String text, int longest) {
    if (text.length() > longest || text.indexOf('\0') >= 0 || text.indexOf('\n') >= 0) {
      throw peer.nonsense(
          "answers with a mount whose "
              + what
              + " is too long or has a forbidden character: \""
              + text.substring(0, Math.min(80, text.length()))
              + "\"");
    }
  }

  /** A time; one that was not given is the epoch. */
  public Instant instant(Timestamp timestamp) {
    try {
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (DateTimeException | ArithmeticException e) {
      throw peer.nonsense("answers with a time out of range");
    }
  }

  /** A word or a path: short, and without control characters. */
  public String word(String what, String text) {
    if (text.length() > LONGEST_PATH || text.chars().anyMatch(Character::isISOControl)) {
      throw peer.nonsense(
          "answers with a "
              + what
              + " that is too long or has a forbidden character: \""
              + text.substring(0, Math.min(80, text.length())).replaceAll("\\p{Cntrl}", "?")
              + "\"");
    }
    return text;
  }

  /** Texts by name, not too many. */
  public Map<String, String> texts(String what, Map<String, String> texts) {
    if (texts.size() > MOST_TEXTS) {
      throw peer.nonsense("answers with " + texts.size() + " " + what);
    }
    return texts;
  }

  /** A number of bytes or the like. */
  public long count(String what, long number) {
    if (number < 0) {
      throw peer.nonsense("answers with " + what + " " + number);
    }
    return number;
  }

  public Digest digest(String text) {
    try {
      return Digest.parse(text);
    } catch (InvalidArgumentException e) {
      throw peer.nonsense("answers with " + e.getMessage());
    }
  }

  /** Null for the empty text. */
  public @Nullable Digest digestOrNull(String text) {
    return text.isEmpty() ? null : digest(text);
  }
}
