package dev.carafe.plugin.images.archive;

import com.fasterxml.jackson.databind.JsonNode;
import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.errors.InvalidArgumentException;
import dev.carafe.spi.errors.NotFoundException;
import dev.carafe.spi.images.ImageFile;
import dev.carafe.spi.images.ImageName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The documents of an OCI layout (OCI image specification, "Image Layout Specification"). */
final class Layout {
  private static final Pattern POSITION = Pattern.compile("@([0-9]{1,5})");
  private static final int SHOWN = 20;

  private Layout() {}

  /**
   * @throws InvalidArgumentException if it is of a version that is not known
   */
  static void check(byte[] layout) {
    JsonNode version = Json.object(ArchiveReader.LAYOUT, layout).path("imageLayoutVersion");
    if (!version.asText("").equals("1.0.0")) {
      throw new InvalidArgumentException(
          "image archive: OCI layout of version \""
              + TarEntries.printable(version.asText(""))
              + "\" is not supported");
    }
  }

  static JsonNode manifests(byte[] index) {
    JsonNode manifests = Json.object(ArchiveReader.INDEX, index).path("manifests");
    if (!manifests.isArray()) {
      throw new InvalidArgumentException(
          "image archive: " + ArchiveReader.INDEX + " has no list of manifests");
    }
    return manifests;
  }

  /** What a layout has under the image that the file names; the only one if it names none. */
  static Descriptor choose(byte[] index, ImageFile file) {
    List<Choice> choices = new ArrayList<>();
    for (JsonNode manifest : manifests(index)) {
      JsonNode annotations = manifest.path("annotations");
      choices.add(
          new Choice(
              manifest,
              List.of(
                  annotations.path(ArchiveWriter.REF_NAME).asText(""),
                  annotations.path(ArchiveWriter.NAME).asText(""))));
    }
    JsonNode chosen = choose(choices, file);
    return new Descriptor(
        chosen.path("mediaType").asText(""),
        Digest.parse(chosen.path("digest").asText("")),
        Math.max(0, chosen.path("size").asLong()));
  }

  /** One of the images of a file, and what it is called there. */
  record Choice(JsonNode image, List<String> names) {}

  /**
   * The one that is meant: by its place ({@code @0}), by its name, or because there is no other.
   *
   * @throws NotFoundException if there is no such image
   * @throws InvalidArgumentException if there are several
   */
  static JsonNode choose(List<Choice> choices, ImageFile file) {
    String wanted = file.image();
    Matcher position = POSITION.matcher(wanted);
    if (position.matches()) {
      int at = Integer.parseInt(position.group(1));
      if (at >= choices.size()) {
        throw new NotFoundException("\"" + file + "\": has only " + choices.size() + " images");
      }
      return choices.get(at).image();
    }
    List<JsonNode> fitting =
        choices.stream()
            .filter(choice -> wanted.isEmpty() || isNamed(choice, wanted))
            .map(Choice::image)
            .distinct()
            .toList();
    if (fitting.size() == 1) {
      return fitting.getFirst();
    }
    List<String> names =
        choices.stream()
            .flatMap(choice -> choice.names().stream())
            .filter(name -> !name.isEmpty())
            .limit(SHOWN)
            .map(TarEntries::printable)
            .toList();
    if (fitting.isEmpty()) {
      throw new NotFoundException("\"" + file + "\": no such image; there are " + names);
    }
    throw new InvalidArgumentException(
        "\"" + file + "\": is more than one image, say which; there are " + names);
  }

  private static boolean isNamed(Choice choice, String wanted) {
    Optional<ImageName> full = name(wanted);
    return choice.names().stream()
        .filter(name -> !name.isEmpty())
        .anyMatch(name -> name.equals(wanted) || (full.isPresent() && name(name).equals(full)));
  }

  private static Optional<ImageName> name(String text) {
    try {
      return Optional.of(ImageName.normalize(text));
    } catch (InvalidArgumentException e) {
      return Optional.empty();
    }
  }
}
