package dev.carafe.oci;

/**
 * A device node in a container (OCI runtime specification, "Devices").
 *
 * @param type {@code c} or {@code b}
 * @param mode permissions
 */
public record Device(
    String path, String type, long major, long minor, int mode, long uid, long gid) {}
