package dev.carafe.plugin.content.proxy;

import dev.carafe.api.services.content.v1.Info;
import dev.carafe.api.services.content.v1.Status;
import dev.carafe.plugin.proxy.support.Answers;
import dev.carafe.plugin.proxy.support.Peer;
import dev.carafe.spi.content.BlobInfo;
import dev.carafe.spi.content.Digest;
import dev.carafe.spi.content.IngestStatus;

/** Blobs and ingests as the peer describes them. */
record Blobs(Peer peer, Answers answers) {
  /** The description of one blob that was asked for. */
  BlobInfo of(Digest digest, Info info) {
    if (!info.getDigest().equals(digest.toString())) {
      throw peer.nonsense("asked for " + digest + ", answers with \"" + info.getDigest() + "\"");
    }
    return of(info);
  }

  BlobInfo of(Info info) {
    return new BlobInfo(
        answers.digest(info.getDigest()),
        answers.count("a size of", info.getSize()),
        answers.instant(info.getCreatedAt()),
        answers.instant(info.getUpdatedAt()),
        info.getLabelsMap());
  }

  /** The description of one ingest that was asked for. */
  IngestStatus of(String ref, Status status) {
    if (!status.getRef().equals(ref)) {
      throw peer.nonsense("asked for ref " + ref + ", answers with \"" + status.getRef() + "\"");
    }
    return of(status);
  }

  IngestStatus of(Status status) {
    if (status.getRef().isEmpty()) {
      throw peer.nonsense("answers with an ingest without ref");
    }
    return new IngestStatus(
        status.getRef(),
        answers.count("offset", status.getOffset()),
        answers.count("total", status.getTotal()),
        answers.digestOrNull(status.getExpected()),
        answers.instant(status.getStartedAt()),
        answers.instant(status.getUpdatedAt()));
  }
}
