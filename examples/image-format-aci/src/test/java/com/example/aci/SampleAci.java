package com.example.aci;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.CompressorStreamFactory;

/** Writes ACIs. */
public final class SampleAci {
  /** With all that a manifest can say and this format takes. */
  public static final String MANIFEST =
      """
      {"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/reduce-worker",
       "labels": [{"name": "version", "value": "1.0.0"}, {"name": "arch", "value": "amd64"},
                  {"name": "os", "value": "linux"}],
       "app": {"exec": ["/usr/bin/reduce-worker", "--quiet"], "user": "100", "group": "300",
               "workingDirectory": "/opt/work",
               "environment": [{"name": "REDUCE_WORKER_DEBUG", "value": "true"}],
               "mountPoints": [{"name": "work", "path": "/var/lib/work", "readOnly": false}],
               "ports": [{"name": "health", "port": 4000, "protocol": "tcp"}]},
       "annotations": [{"name": "authors", "value": "Carly <carly@example.com>"},
                       {"name": "created", "value": "2014-10-27T19:32:27.67021798Z"}]}
      """;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

  SampleAci file(String name, String text) {
    return add(new TarArchiveEntry(name), text.getBytes(StandardCharsets.UTF_8));
  }

  SampleAci directory(String name) {
    return add(new TarArchiveEntry(name + "/"), new byte[0]);
  }

  SampleAci hardLink(String name, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_LINK);
    entry.setLinkName(target);
    return add(entry, new byte[0]);
  }

  private SampleAci add(TarArchiveEntry entry, byte[] content) {
    try {
      entry.setModTime(0);
      entry.setSize(content.length);
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] plain() {
    try {
      tar.finish();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] compressed(String how) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var compressor = new CompressorStreamFactory().createCompressorOutputStream(how, out)) {
      compressor.write(plain());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }

  static SampleAci whole() {
    return new SampleAci()
        .file("manifest", MANIFEST)
        .directory("rootfs")
        .directory("rootfs/usr/bin")
        .file("rootfs/usr/bin/reduce-worker", "#!/bin/sh\n")
        .hardLink("rootfs/usr/bin/other", "rootfs/usr/bin/reduce-worker");
  }
}
