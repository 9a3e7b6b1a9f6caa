package dev.carafe.spi.pods;

import java.util.List;

/**
 * What a container is to be.
 *
 * @param spec the OCI runtime specification in JSON
 * @param cdiDevices names of devices to be put in beside those that the kubelet wants
 */
public record AdjustedContainer(byte[] spec, List<String> cdiDevices) {
  public AdjustedContainer {
    cdiDevices = List.copyOf(cdiDevices);
  }
}
