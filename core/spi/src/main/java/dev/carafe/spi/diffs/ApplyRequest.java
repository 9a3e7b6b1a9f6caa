package dev.carafe.spi.diffs;

import dev.carafe.spi.content.Descriptor;
import dev.carafe.spi.mounts.Mount;
import java.util.List;

/**
 * One layer to apply.
 *
 * @param layer media type, digest and size of the compressed bytes; the media type says how they
 *     are compressed
 * @param mounts where the files go
 * @param sync whether files and directories are on the medium when the call returns
 */
public record ApplyRequest(
    Descriptor layer, List<Mount> mounts, Whiteouts whiteouts, boolean sync) {
  public ApplyRequest {
    mounts = List.copyOf(mounts);
  }
}
