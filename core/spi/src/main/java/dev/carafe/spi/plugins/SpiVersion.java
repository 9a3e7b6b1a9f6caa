package dev.carafe.spi.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of this SPI. Before 1.0 every minor version may break plugins; from then on only a
 * major one does.
 */
public record SpiVersion(int major, int minor, int patch) implements Comparable<SpiVersion> {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,6})\\.([0-9]{1,6})\\.([0-9]{1,6})(-[0-9A-Za-z.-]{1,64})?");

  /**
   * Reads {@code MAJOR.MINOR.PATCH}; what follows a hyphen is left out.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static SpiVersion parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException("SPI version \"" + text + "\" is not of the form " + FORM);
    }
    return new SpiVersion(
        Integer.parseInt(form.group(1)),
        Integer.parseInt(form.group(2)),
        Integer.parseInt(form.group(3)));
  }

  /** The version of the classes that are running. */
  public static SpiVersion current() {
    Properties properties = new Properties();
    try (InputStream in = SpiVersion.class.getResourceAsStream("spi.properties")) {
      if (in == null) {
        throw new IllegalStateException("spi.properties is missing beside " + SpiVersion.class);
      }
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return parse(properties.getProperty("version", ""));
  }

  /** Whether a daemon of this version runs plugins that were compiled against another. */
  public boolean runs(SpiVersion compiledAgainst) {
    boolean sameLine =
        major == compiledAgainst.major && (major > 0 || minor == compiledAgainst.minor);
    return sameLine && minor >= compiledAgainst.minor;
  }

  @Override
  public int compareTo(SpiVersion other) {
    int byMajor = Integer.compare(major, other.major);
    int byMinor = byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
    return byMinor != 0 ? byMinor : Integer.compare(patch, other.patch);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
