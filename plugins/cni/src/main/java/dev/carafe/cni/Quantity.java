package dev.carafe.cni;

import dev.carafe.spi.errors.InvalidArgumentException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Kubernetes' quantities: a number with a decimal or binary suffix, or an exponent. */
final class Quantity {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{0,9})?)([kMGTPE]|[KMGTPE]i|m|[eE]([0-9]{1,2}))?");
  private static final String SUFFIXES = "KMGTPE";
  private static final BigDecimal LEAST = BigDecimal.valueOf(1_000);
  private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000_000_000L);

  private Quantity() {}

  /** Bits per second, rounded up; 0 without such an annotation. */
  static long bandwidth(Map<String, String> annotations, String name) {
    String text = annotations.get(name);
    if (text == null) {
      return 0;
    }
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new InvalidArgumentException(
          "annotation " + name + ": \"" + Text.shown(text) + "\" is no quantity");
    }
    BigDecimal value = scaled(new BigDecimal(matcher.group(1)), matcher.group(2), matcher.group(3));
    if (value.compareTo(LEAST) < 0 || value.compareTo(MOST) > 0) {
      throw new InvalidArgumentException(
          "annotation " + name + ": \"" + Text.shown(text) + "\" is not in 1k to 1P");
    }
    return value.setScale(0, RoundingMode.UP).longValueExact();
  }

  private static BigDecimal scaled(
      BigDecimal number, @Nullable String suffix, @Nullable String exponent) {
    if (suffix == null) {
      return number;
    }
    if (exponent != null) {
      return number.scaleByPowerOfTen(Integer.parseInt(exponent));
    }
    if (suffix.equals("m")) {
      return number.scaleByPowerOfTen(-3);
    }
    int power = SUFFIXES.indexOf(suffix.equals("k") ? 'K' : suffix.charAt(0)) + 1;
    return suffix.length() == 2
        ? number.multiply(BigDecimal.valueOf(1024).pow(power))
        : number.scaleByPowerOfTen(3 * power);
  }
}
