/**
 * OCI documents, read with distrust: the one place where what an image says is checked and
 * stripped.
 *
 * <h2>Start here</h2>
 *
 * <ul>
 *   <li>{@link dev.carafe.oci.ImageDocument}: an index or a manifest
 *   <li>{@link dev.carafe.oci.ImageConfig}: what an image wants of its container
 *   <li>{@link dev.carafe.oci.Json}: bounded JSON in and out, without data binding, so that the
 *       command line client starts fast
 * </ul>
 */
@NullMarked
package dev.carafe.oci;

import org.jspecify.annotations.NullMarked;
