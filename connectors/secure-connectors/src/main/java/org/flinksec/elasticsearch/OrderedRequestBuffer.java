// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.flink.connector.base.sink.writer.Batch;
import org.apache.flink.connector.base.sink.writer.RequestBuffer;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;

/**
 * The waiting documents. A document whose id is in flight waits until that request is done, so that
 * of two documents with one id the later always wins.
 *
 * <p>All methods belong to the task's thread, except {@link #done}, which may come from any.
 */
final class OrderedRequestBuffer implements RequestBuffer<DocumentRequest> {
  private final Deque<RequestEntryWrapper<DocumentRequest>> waiting = new ArrayDeque<>();
  private final Set<String> inFlight = ConcurrentHashMap.newKeySet();
  private long bytes;

  /**
   * @param prioritize the document comes back from a failed request, and goes before all others
   */
  @Override
  public void add(RequestEntryWrapper<DocumentRequest> entry, boolean prioritize) {
    if (prioritize) {
      waiting.addFirst(entry);
      release(entry.getRequestEntry().id());
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
    while (batch.size() < maxSize && !waiting.isEmpty() && !nextMustWait()) {
      long next = waiting.peekFirst().getSize();
      if (!batch.isEmpty() && size + next > maxBytes) {
        break;
      }
      batch.add(poll().getRequestEntry());
      size += next;
    }
    inFlight.addAll(ids(batch));
    return new Batch<>(batch, size);
  }

  /**
   * Lets go of the ids of a finished request, except those that come back: they stay until they are
   * in front of the queue again, or a later document could overtake them.
   */
  void done(List<DocumentRequest> batch, List<DocumentRequest> comingBack) {
    Set<String> ids = ids(batch);
    ids.removeAll(ids(comingBack));
    inFlight.removeAll(ids);
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

  @Override
  public boolean isEmpty() {
    return waiting.isEmpty();
  }

  @Override
  public int size() {
    return waiting.size();
  }

  @Override
  public Collection<RequestEntryWrapper<DocumentRequest>> getBufferedState() {
    return List.copyOf(waiting);
  }

  @Override
  public long totalSizeInBytes() {
    return bytes;
  }

  private boolean isInFlight(DocumentRequest request) {
    return request.id() != null && inFlight.contains(request.id());
  }

  private void release(String id) {
    if (id != null) {
      inFlight.remove(id);
    }
  }

  private static Set<String> ids(List<DocumentRequest> requests) {
    return requests.stream()
        .map(DocumentRequest::id)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }
}
