package dev.carafe.plugin.resources.cgroup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.carafe.plugin.resources.cgroup.CgroupManager.Naming;
import dev.carafe.spi.errors.InvalidArgumentException;
import java.util.List;
import org.junit.jupiter.api.Test;

class NamingTest {
  private static final Naming PATHS = new CgroupPaths();
  private static final Naming SCOPES = new SystemdPaths();

  @Test
  void aPathsGroupIsBelowItsParent() {
    assertEquals("/kubepods/burstable/podX/id", PATHS.path("/kubepods/burstable/podX", "/n", "id"));
    assertEquals("/kubepods/id", PATHS.path("//kubepods/", "/n", "id"));
    assertEquals("/kubepods/id", PATHS.path("kubepods", "/n", "id"));
    assertEquals("/id", PATHS.path("/", "/n", "id"));
    assertEquals("/n/id", PATHS.path("", "/n", "id"));
  }

  @Test
  void aSliceIsWhereSystemdHasIt() {
    assertEquals(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX_1.slice/id",
        PATHS.path("kubepods-burstable-podX_1.slice", "/n", "id"));
    assertEquals("/id", PATHS.path("-.slice", "/n", "id"));
  }

  @Test
  void aScopeIsInTheParentsSlice() {
    assertEquals(
        "kubepods-burstable-podX.slice:cri-containerd:id",
        SCOPES.path("kubepods-burstable-podX.slice", "/n", "id"));
    assertEquals(
        "kubepods-burstable.slice:cri-containerd:id",
        SCOPES.path("/kubepods.slice/kubepods-burstable.slice", "/n", "id"));
    assertEquals("system.slice:cri-containerd:id", SCOPES.path("", "/n", "id"));
  }

  @Test
  void aPathIsTheSliceThatAKubeletMakesOfIt() {
    assertEquals(
        "kubepods-burstable-pod1_2.slice:cri-containerd:id",
        SCOPES.path("/kubepods/burstable/pod1-2", "/n", "id"));
    assertEquals("-.slice:cri-containerd:id", SCOPES.path("/", "/n", "id"));
  }

  @Test
  void theGroupOfAScopeHasAllSlicesAboveIt() {
    assertEquals(
        "/a.slice/a-b.slice/cri-containerd-id.scope", SCOPES.group("a-b.slice:cri-containerd:id"));
    assertEquals("/system.slice/id.scope", SCOPES.group("::id"));
    assertEquals("/id.scope", SCOPES.group("-.slice::id"));
  }

  @Test
  void theGroupOfAPathIsBelowTheTopWhateverItSays() {
    assertEquals("/b", PATHS.group("/a/../b"));
    assertEquals("/b/c", PATHS.group("/../..//b/./c"));
  }

  @Test
  void whatIsNoPathOfTheirsIsNoGroup() {
    for (String path : List.of("", "/", "a/b", "/a/..", "a.slice:b:c", "/a\0b")) {
      assertEquals("", PATHS.group(path), path);
    }
    for (String path : List.of("", "/a/b", "a:b:c", "a.slice:b:", "a.slice:b:c/d", "a.slice:b")) {
      assertEquals("", SCOPES.group(path), path);
    }
  }

  @Test
  void slicesAreNamedAsSystemdAllows() {
    for (String slice : List.of("a.slice", "a-b.slice", "-.slice", "a_b-c.d.slice")) {
      assertTrue(Slices.isSlice(slice), slice);
    }
    for (String other :
        List.of(".slice", "-a.slice", "a-.slice", "a--b.slice", "a/b.slice", "a b.slice", "a")) {
      assertFalse(Slices.isSlice(other), other);
    }
    assertThrows(InvalidArgumentException.class, () -> SCOPES.path("a--b.slice", "/n", "id"));
    assertThrows(InvalidArgumentException.class, () -> SCOPES.path("/a b", "/n", "id"));
  }
}
