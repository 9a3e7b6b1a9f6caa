package dev.carafe.spi.images;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image in a file or directory of this machine: {@code TRANSPORT:PATH[:IMAGE]}, as in {@code
 * oci:/srv/images:tag} (containers-transports(5)). No name at a registry looks like that.
 *
 * @param transport the kind of file, for example {@code oci-archive}
 * @param path absolute, without {@code .} and {@code ..}, and without a colon
 * @param image which one of several; empty if that is not said
 */
public record ImageFile(String transport, Path path, String image) implements ImageLocation {
  private static final int LIMIT = 1024;
  private static final Pattern BEGINNING = Pattern.compile("[a-z][a-z0-9-]*+:/.*", Pattern.DOTALL);
  private static final Pattern WHOLE =
      Pattern.compile("([a-z][a-z0-9-]{0,31}):((?:/[^/:]++)++)(?::(.*))?", Pattern.DOTALL);

  public ImageFile {
    if (!path.isAbsolute() || !path.normalize().equals(path) || path.getNameCount() == 0) {
      throw new InvalidArgumentException(
          "image file: path \"" + printable(path.toString()) + "\" is not absolute and plain");
    }
    if (transport.equals(ImageName.TRANSPORT)) {
      throw new InvalidArgumentException("image file: \"" + transport + "\" is for registries");
    }
  }

  /** Whether a text is meant to name a file, well-formed or not. */
  public static boolean isFile(String text) {
    return BEGINNING.matcher(text).matches();
  }

  /**
   * Reads what names a file.
   *
   * @throws InvalidArgumentException if it is not well-formed
   */
  public static ImageFile parse(String text) {
    Matcher whole = WHOLE.matcher(text);
    boolean plain = text.length() <= LIMIT && text.chars().noneMatch(c -> c <= ' ' || c == 127);
    if (!plain || !whole.matches() || (whole.group(3) != null && whole.group(3).isEmpty())) {
      throw new InvalidArgumentException(
          "image file \"" + printable(text) + "\" is not TRANSPORT:/PATH[:IMAGE]");
    }
    return new ImageFile(
        whole.group(1), Path.of(whole.group(2)), whole.group(3) == null ? "" : whole.group(3));
  }

  @Override
  public String toString() {
    return transport + ":" + path + (image.isEmpty() ? "" : ":" + image);
  }

  private static String printable(String text) {
    String cut = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
