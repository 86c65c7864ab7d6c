// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.Objects;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.operators.ProcessingTimeService.ProcessingTimeCallback;
import org.flinksec.elasticsearch.DocumentRequest.Address;

/**
 * Keeps the deletion of what a row was before its change until it is known what follows: where the
 * document stays in its place there is nothing to delete, and it is never away. Where it moves, or
 * nothing follows, it is deleted, as of all rows that a changelog takes back.
 *
 * @param <T> what documents are made of
 */
final class Retraction<T> {
  private final DocumentConverter<T> converter;
  private final SinkSettings settings;
  private final ProcessingTimeService time;
  private DocumentRequest held;
  private boolean timed;

  Retraction(DocumentConverter<T> converter, SinkSettings settings, ProcessingTimeService time) {
    this.converter = converter;
    this.settings = settings;
    this.time = time;
  }

  /**
   * @param deletion of what a row was
   * @param late called after {@code flush_interval}, to let go of what is held then
   */
  void hold(DocumentRequest deletion, ProcessingTimeCallback late) {
    held = deletion;
    if (!timed) {
      timed = true;
      time.registerTimer(
          time.getCurrentProcessingTime() + settings.limits().flushIntervalMillis(),
          now -> {
            timed = false;
            late.onProcessingTime(now);
          });
    }
  }

  /**
   * Ends the wait.
   *
   * @param next what follows; null if that is not known
   * @return the deletion to be sent before it; null for none
   * @throws ElasticsearchSinkException if Elasticsearch would not delete it
   */
  DocumentRequest letGo(T next) throws ElasticsearchSinkException {
    DocumentRequest deletion = held;
    held = null;
    if (deletion == null || next != null && staysAt(deletion.address(), next)) {
      return null;
    }
    if (deletion.address().version() != null) {
      throw new ElasticsearchSinkException(
          "a change for index '%s' takes a document away, or to another id, index or routing, and what a row was before its change has no newer version, which version_field asks for: leave it out, or write rows that delete, with versions"
              .formatted(settings.index()));
    }
    return deletion;
  }

  private boolean staysAt(Address before, T next) {
    try {
      Address after = converter.address(next);
      return before.id().equals(after.id())
          && Objects.equals(before.index(), after.index())
          && Objects.equals(before.routing(), after.routing());
    } catch (DocumentException e) {
      return false;
    }
  }
}
