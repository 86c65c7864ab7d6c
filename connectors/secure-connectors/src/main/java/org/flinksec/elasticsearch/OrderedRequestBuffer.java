// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.flink.connector.base.sink.writer.Batch;
import org.apache.flink.connector.base.sink.writer.RequestBuffer;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;

/**
 * The waiting documents. A document whose id is in flight waits until that request is done, so that
 * of two documents with one id the later always wins. So does one that changes a document that the
 * same request would have to write first.
 *
 * <p>Its state are the documents that are in flight, and then those that wait.
 *
 * <p>Flink's timer must not wait for the end of a request, as neither a checkpoint nor the timer of
 * another sink of the task could begin in the meantime. Where it would, {@link #isEmpty} says that
 * there is nothing to send, and all that waits goes out when a request has ended, as {@link
 * #totalSizeInBytes} then says.
 *
 * <p>All methods belong to the task's thread, except {@link #done}, which may come from any.
 */
final class OrderedRequestBuffer implements RequestBuffer<DocumentRequest> {
  private final Deque<RequestEntryWrapper<DocumentRequest>> waiting = new ArrayDeque<>();
  private final Set<String> inFlight = ConcurrentHashMap.newKeySet();

  /** In the order in which they were sent. */
  private final Map<DocumentRequest, Boolean> undelivered =
      Collections.synchronizedMap(new LinkedHashMap<>());

  private final int maxBuffered;
  private BooleanSupplier blocked = () -> false;

  /** Whether all that waits is to be sent as soon as that can be. */
  private boolean overdue;

  private long bytes;

  /**
   * @param maxBuffered how many may wait before the writer takes no more
   */
  OrderedRequestBuffer(int maxBuffered) {
    this.maxBuffered = maxBuffered;
  }

  /**
   * @param full whether no request may be sent now
   */
  void blockedWhile(BooleanSupplier full) {
    blocked = full;
  }

  /**
   * @param prioritize the document comes back from a failed request, and goes before all others
   */
  @Override
  public void add(RequestEntryWrapper<DocumentRequest> entry, boolean prioritize) {
    if (prioritize) {
      waiting.addFirst(entry);
      undelivered.remove(entry.getRequestEntry());
      release(entry.getRequestEntry().key());
      overdue = true;
    } else {
      waiting.addLast(entry);
    }
    bytes += entry.getSize();
  }

  /** Whether the next document has to wait for a request that holds its id. */
  boolean nextMustWait() {
    return !waiting.isEmpty() && isInFlight(waiting.peekFirst().getRequestEntry());
  }

  /** Takes documents from the front, at least one unless it must wait, and marks their ids. */
  Batch<DocumentRequest> takeBatch(int maxSize, long maxBytes) {
    List<DocumentRequest> batch = new ArrayList<>(maxSize);
    long size = 0;
    Set<String> keys = new HashSet<>();
    while (batch.size() < maxSize && !waiting.isEmpty() && !nextMustWait()) {
      long next = waiting.peekFirst().getSize();
      DocumentRequest first = waiting.peekFirst().getRequestEntry();
      boolean afterAnother =
          first.operation().dependsOnEarlier() && first.key() != null && keys.contains(first.key());
      if (!batch.isEmpty() && (size + next > maxBytes || afterAnother)) {
        break;
      }
      poll();
      batch.add(first);
      if (first.key() != null) {
        keys.add(first.key());
      }
      size += next;
    }
    inFlight.addAll(keys);
    batch.forEach(document -> undelivered.put(document, true));
    overdue &= !waiting.isEmpty();
    return new Batch<>(batch, size);
  }

  /**
   * Lets go of the ids of a finished request, except those that come back: they stay until they are
   * in front of the queue again, or a later document could overtake them.
   *
   * @param letters what comes in place of others; from now on it is in the state
   */
  void done(
      List<DocumentRequest> batch,
      List<DocumentRequest> comingBack,
      List<DocumentRequest> letters) {
    Set<String> keys = keys(batch);
    keys.removeAll(keys(comingBack));
    inFlight.removeAll(keys);
    Set<DocumentRequest> back = Collections.newSetFromMap(new IdentityHashMap<>());
    back.addAll(comingBack);
    synchronized (undelivered) {
      letters.forEach(letter -> undelivered.put(letter, true));
      batch.stream().filter(document -> !back.contains(document)).forEach(undelivered::remove);
    }
  }

  @Override
  public RequestEntryWrapper<DocumentRequest> poll() {
    RequestEntryWrapper<DocumentRequest> entry = waiting.pollFirst();
    bytes -= entry == null ? 0 : entry.getSize();
    return entry;
  }

  @Override
  public RequestEntryWrapper<DocumentRequest> peek() {
    return waiting.peekFirst();
  }

  /** Whether there is nothing that could be sent now; what is left is overdue. */
  @Override
  public boolean isEmpty() {
    if (waiting.isEmpty()) {
      return true;
    }
    boolean none = blocked.getAsBoolean();
    overdue |= none;
    return none;
  }

  /** Never what would have Flink's writer wait for room, which it does without an end. */
  @Override
  public int size() {
    return Math.min(waiting.size(), maxBuffered - 1);
  }

  /** So many wait. */
  int waiting() {
    return waiting.size();
  }

  /** Whether as much waits as may, so that whoever brings more has to wait, too. */
  boolean isFull() {
    return waiting.size() >= maxBuffered;
  }

  /** Whether so much waits that nobody may bring more, however long it takes. */
  boolean isOverfull() {
    return waiting.size() >= 2L * maxBuffered;
  }

  @Override
  public Collection<RequestEntryWrapper<DocumentRequest>> getBufferedState() {
    List<RequestEntryWrapper<DocumentRequest>> all = new ArrayList<>();
    synchronized (undelivered) {
      for (DocumentRequest document : undelivered.keySet()) {
        all.add(new RequestEntryWrapper<>(document, document.sizeInBytes()));
      }
    }
    all.addAll(waiting);
    return all;
  }

  @Override
  public long totalSizeInBytes() {
    return overdue && !waiting.isEmpty() ? Long.MAX_VALUE : bytes;
  }

  private boolean isInFlight(DocumentRequest request) {
    return request.key() != null && inFlight.contains(request.key());
  }

  private void release(String key) {
    if (key != null) {
      inFlight.remove(key);
    }
  }

  private static Set<String> keys(List<DocumentRequest> requests) {
    return requests.stream()
        .map(DocumentRequest::key)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }
}
