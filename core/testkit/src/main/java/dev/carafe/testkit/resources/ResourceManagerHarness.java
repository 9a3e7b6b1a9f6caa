package dev.carafe.testkit.resources;

import dev.carafe.spi.resources.ResourceManager;

/** How to open a resource manager under test, and who plays the OCI runtime. */
public interface ResourceManagerHarness {
  /** Opens it; called again to play a daemon that comes back. */
  ResourceManager open() throws Exception;

  /**
   * Makes the group of a path with a process in it, as an OCI runtime would that is called with
   * that path.
   *
   * @param path as {@link ResourceManager#path} gave it
   */
  void begin(String path, long pid) throws Exception;

  /**
   * Removes what {@link #begin} made above the groups.
   *
   * @param parent that was given to {@link ResourceManager#path}
   */
  void end(String parent) throws Exception;
}
