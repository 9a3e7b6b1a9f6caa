/**
 * Networks of pods by CNI plugins (specification 0.1.0 to 1.1.0).
 *
 * <p>Start at {@link dev.carafe.cni.Cni}. Configurations are read by {@code ConfReader} and held by
 * {@code Networks}; {@code PluginRunner} runs one plugin once; {@code Chain} runs a network's
 * plugins for one verb; {@code Attachment} and {@code AttachmentStore} are what lies on disk;
 * {@code TearDowns} retries what could not be removed.
 */
@NullMarked
package dev.carafe.cni;

import org.jspecify.annotations.NullMarked;
