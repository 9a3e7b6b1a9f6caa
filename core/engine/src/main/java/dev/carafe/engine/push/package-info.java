/**
 * From an image to a name at a registry: blobs first, then manifests from the leaves up, the name
 * last. Start at {@link dev.carafe.engine.push.ImagePusher}.
 */
@NullMarked
package dev.carafe.engine.push;

import org.jspecify.annotations.NullMarked;
