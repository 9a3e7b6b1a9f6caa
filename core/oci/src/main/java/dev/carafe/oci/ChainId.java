package dev.carafe.oci;

import dev.carafe.spi.content.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Names of stacks of layers (OCI image specification, "Layer ChainID"). */
public final class ChainId {
  private ChainId() {}

  /** The chain id of each layer, bottom first, from the diff ids of all. */
  public static List<Digest> of(List<Digest> diffIds) {
    List<Digest> chain = new ArrayList<>(diffIds.size());
    for (Digest diffId : diffIds) {
      chain.add(
          chain.isEmpty()
              ? diffId
              : Digest.of((chain.getLast() + " " + diffId).getBytes(StandardCharsets.UTF_8)));
    }
    return chain;
  }
}
