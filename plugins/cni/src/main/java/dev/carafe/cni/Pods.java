package dev.carafe.cni;

import dev.carafe.linux.ErrnoException;
import dev.carafe.linux.Fd;
import dev.carafe.linux.NetworkInterfaces;
import dev.carafe.linux.OpenFlags;
import dev.carafe.linux.PathCalls;
import dev.carafe.spi.errors.CancelledException;
import dev.carafe.spi.errors.DaemonException;
import dev.carafe.spi.errors.DeadlineExceededException;
import dev.carafe.spi.errors.FailedPreconditionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds pods to networks and removes them; a record says at each moment what may be there. */
final class Pods {
  private static final Logger log = LoggerFactory.getLogger(Pods.class);
  private static final Duration COLLECTION_WAIT = Duration.ofSeconds(10);

  private final AttachmentStore store;
  private final Chain chain;
  private final CniConfig config;
  private final Turns turns;
  private final Set<String> addedHere = ConcurrentHashMap.newKeySet();

  /**
   * Plugins that collect garbage are told what is valid: nothing may be added meanwhile. Adding and
   * removing share it, collecting has it alone. It is held while plugins run, which is its purpose.
   */
  private final ReadWriteLock collection = new ReentrantReadWriteLock(true);

  Pods(AttachmentStore store, Chain chain, CniConfig config) {
    this.store = store;
    this.chain = chain;
    this.config = config;
    this.turns = new Turns(config.pluginTimeout().multipliedBy(4));
  }

  static String interfaceName(int index) {
    return "eth" + index;
  }

  Turns.Turn turn(String id) {
    return turns.take(id);
  }

  /** Marks a pod as one of this daemon's. */
  void claim(String id) {
    addedHere.add(id);
  }

  boolean isAddedHere(String id) {
    return addedHere.contains(id);
  }

  /**
   * Adds a pod, whose turn it is, to all networks.
   *
   * @param undo gets what may be there when it fails, and why
   */
  NetworkResult add(
      PodNetwork pod,
      List<Network> networks,
      List<String> podCidrs,
      BiConsumer<PodRecord, RuntimeException> undo) {
    loopbackUp(pod);
    Map<String, Object> capabilities = Capabilities.of(pod, podCidrs);
    List<Attachment> wanted = new ArrayList<>();
    for (Network network : networks) {
      String name = interfaceName(wanted.size());
      String netns = pod.netns().toString();
      wanted.add(
          new Attachment(pod.id(), name, netns, pod.arguments(), network, capabilities, Map.of()));
    }
    PodRecord record = new PodRecord(pod.id(), PodRecord.State.ADDING, wanted);
    claim(pod.id());
    try {
      PodRecord ready =
          shared(() -> {
            store.put(record);
            return complete(record, addAll(wanted));
          });
      return Results.of(ready.attachments(), config.ipPref());
    } catch (RuntimeException e) {
      undo.accept(record, e);
      throw e;
    }
  }

  /** The record is on the medium with all results before anybody is told of them. */
  private PodRecord complete(PodRecord record, List<Attachment> added) {
    Attachment first = added.getFirst();
    if (Results.of(added, config.ipPref()).addresses().isEmpty()) {
      throw new FailedPreconditionException(
          "network \""
              + first.network().name()
              + "\": pod \""
              + record.id()
              + "\" was given no address on "
              + first.ifName());
    }
    PodRecord ready = new PodRecord(record.id(), PodRecord.State.READY, added);
    store.put(ready);
    return ready;
  }

  private List<Attachment> addAll(List<Attachment> wanted) {
    if (config.setupSerially() || wanted.size() == 1) {
      return wanted.stream().map(this::addOne).toList();
    }
    return AtOnce.map(wanted, this::addOne);
  }

  private Attachment addOne(Attachment attachment) {
    try {
      return attachment.with(chain.add(attachment));
    } catch (PluginException e) {
      throw e.forCaller();
    }
  }

  private static void loopbackUp(PodNetwork pod) {
    String path = pod.netns().toString();
    if (!Chain.isNamespace(path)) {
      throw new FailedPreconditionException(
          "pod \"" + pod.id() + "\": \"" + path + "\" is no network namespace");
    }
    try (Fd namespace = PathCalls.open(pod.netns(), OpenFlags.RDONLY, 0)) {
      NetworkInterfaces.loopbackUp(namespace);
    } catch (ErrnoException e) {
      throw new FailedPreconditionException(
          "pod \"" + pod.id() + "\": loopback in \"" + path + "\": " + e.getMessage(), e);
    }
  }

  /**
   * Removes a pod, whose turn it is, from all its networks, the last one first, whichever fails;
   * then forgets it.
   *
   * @param current networks to remove a pod from of which nothing else is known
   */
  void remove(PodRecord record, Supplier<List<Network>> current) {
    PodRecord leaving =
        switch (record.state()) {
          case READY -> record.in(PodRecord.State.LEAVING);
          case DAMAGED -> assumed(record.id(), current.get());
          case ADDING, LEAVING -> record;
        };
    var _ =
        shared(() -> {
          if (leaving != record) {
            store.put(leaving);
          }
          removeAll(leaving);
          store.delete(record.id());
          addedHere.remove(record.id());
          return leaving;
        });
  }

  private static PodRecord assumed(String id, List<Network> networks) {
    List<Attachment> attachments = new ArrayList<>();
    for (Network network : networks) {
      String name = interfaceName(attachments.size());
      attachments.add(new Attachment(id, name, "", "IgnoreUnknown=1", network, Map.of(), Map.of()));
    }
    return new PodRecord(id, PodRecord.State.LEAVING, attachments);
  }

  private void removeAll(PodRecord record) {
    DaemonException failure = null;
    for (Attachment attachment : record.attachments().reversed()) {
      try {
        chain.delete(attachment);
      } catch (PluginException e) {
        if (failure == null) {
          failure = e.forCaller();
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  void check(PodRecord record) {
    for (Attachment attachment : record.attachments()) {
      try {
        chain.check(attachment);
      } catch (PluginException e) {
        throw e.forCaller();
      }
    }
  }

  /** Has the plugins of these networks free what belongs to no pod on record. */
  void collect(Set<Network> networks) {
    boolean alone = false;
    try {
      alone = collection.writeLock().tryLock(COLLECTION_WAIT.toMillis(), TimeUnit.MILLISECONDS);
      if (!alone) {
        log.warn("garbage of networks is not collected now: pods are being added or removed");
        return;
      }
      for (Network network : networks) {
        try {
          chain.collect(network, valid(network));
        } catch (PluginException e) {
          log.warn("{}", e.getMessage());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (alone) {
        collection.writeLock().unlock();
      }
    }
  }

  /** Of a pod whose record is damaged, all that it may have. */
  private List<Map<String, Object>> valid(Network network) {
    List<Map<String, Object>> valid = new ArrayList<>();
    for (PodRecord record : store.all()) {
      List<Attachment> attachments =
          record.state() == PodRecord.State.DAMAGED
              ? assumed(record.id(), Collections.nCopies(CniConfig.MOST_NETWORKS, network))
                  .attachments()
              : record.attachments();
      for (Attachment one : attachments) {
        if (one.network().name().equals(network.name())) {
          valid.add(Map.of("containerID", one.containerId(), "ifname", one.ifName()));
        }
      }
    }
    return valid;
  }

  private <T> T shared(Supplier<T> work) {
    Lock lock = collection.readLock();
    try {
      if (!lock.tryLock(config.pluginTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        throw new DeadlineExceededException("networks: garbage is being collected");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("networks: cancelled", e);
    }
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
