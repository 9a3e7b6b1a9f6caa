/**
 * Resource managers over the kernel's control groups, version 1 and 2.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@code CgroupManager}: finds groups; {@code CgroupPaths} and {@code SystemdPaths} name them
 *   <li>{@code Cgroup}: stops, kills, counts and removes
 *   <li>{@code OomWatch}: how kills for want of memory are told
 * </ul>
 */
@NullMarked
package dev.carafe.plugin.resources.cgroup;

import org.jspecify.annotations.NullMarked;
