// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.flinksec.badrecords.BadRecord;
import org.flinksec.badrecords.Origin;
import org.flinksec.badrecords.Stage;
import org.flinksec.elasticsearch.connection.ConnectionFailures;

/**
 * What a bulk request's outcome means for its documents. Those that are in no list are delivered.
 *
 * @param retry documents to send again, in their order
 * @param rejected documents that will never be accepted, and why
 * @param conflicts how many count as delivered since the index has them, or newer ones
 * @param reason why documents are sent again; null if none are
 * @param trouble what that says of the servers
 * @param fatal why the sink cannot go on, whatever the policy says
 */
record Verdict(
    List<DocumentRequest> retry,
    List<Rejected> rejected,
    int conflicts,
    String reason,
    Trouble trouble,
    Optional<ElasticsearchSinkException> fatal) {
  /** What keeps documents from getting in for now. */
  enum Trouble {
    NONE,
    /** Another update came before. */
    CONFLICT,
    /** The servers have too much to do, or give no answer. */
    OVERLOAD,
    /** They do not take the credentials, or show another certificate: one is being replaced. */
    LOGIN
  }

  /** A document that will never be accepted. */
  record Rejected(DocumentRequest document, BadRecord why) {}

  /**
   * @param reached whether the server has taken this login before: then what keeps the sink out is
   *     a change under way, such as a certificate or a password that one side has already and the
   *     other has not, and the documents are sent again
   */
  static Verdict of(
      SinkSettings settings,
      List<DocumentRequest> documents,
      BulkOutcome outcome,
      boolean reached) {
    if (outcome instanceof BulkOutcome.Answered answered) {
      return ofItems(settings, documents, answered.items());
    }
    if (outcome instanceof BulkOutcome.Refused refused) {
      return ofRefusal(settings, documents, refused, reached);
    }
    Exception cause = ((BulkOutcome.Unanswered) outcome).cause();
    return ConnectionFailures.misconfiguration(
            settings.connection(), settings.connection().hostList(), cause)
        .map(wrong -> reached ? again(documents, wrong, Trouble.LOGIN) : fatal(wrong, cause))
        .orElseGet(
            () ->
                again(documents, "no answer: " + ConnectionFailures.last(cause), Trouble.OVERLOAD));
  }

  private static Verdict ofRefusal(
      SinkSettings settings,
      List<DocumentRequest> documents,
      BulkOutcome.Refused refused,
      boolean reached) {
    int status = refused.status();
    String answer =
        "%s answers a bulk request with status %d: %s"
            .formatted(refused.host(), status, refused.reason());
    if (status == 408 || status == 429 || status >= 500) {
      return again(documents, answer, Trouble.OVERLOAD);
    }
    if (status == 401 || status == 403) {
      String wrong =
          ConnectionFailures.refused(
              settings.connection(), refused.host(), status, settings.index());
      return reached && status == 401 ? again(documents, wrong, Trouble.LOGIN) : fatal(wrong, null);
    }
    return fatal(answer, null);
  }

  private static Verdict ofItems(
      SinkSettings settings, List<DocumentRequest> documents, List<BulkItem> items) {
    boolean indexIsContent = settings.addressing().index() != null;
    List<DocumentRequest> retry = new ArrayList<>();
    List<Rejected> rejected = new ArrayList<>();
    Set<String> superseded = new HashSet<>();
    int conflicts = 0;
    String reason = null;
    Trouble trouble = Trouble.NONE;
    for (int i = items.size() - 1; i >= 0; i--) { // from the last, to know what comes after
      DocumentRequest document = documents.get(i);
      BulkItem item = items.get(i);
      boolean conflict = item.isConflict() && isDelivered(settings, document);
      if (item.accepted() || conflict || isDeleted(document, item)) {
        conflicts += conflict ? 1 : 0;
        if (document.key() != null) {
          superseded.add(document.key());
        }
      } else if (item.retryable() || item.isConflict() && document.operation().isUpdate()) {
        // An older document must not come after a newer one that is already in.
        if (!superseded.contains(document.key())) {
          retry.add(0, document);
          reason = item.told(indexIsContent);
          trouble = item.retryable() ? Trouble.OVERLOAD : max(trouble, Trouble.CONFLICT);
        }
      } else if (document.isLetter()) {
        return fatal(
            "Elasticsearch at %s does not take a dead letter for index '%s' (dead_letter_index): %s"
                .formatted(
                    settings.connection().hostList(),
                    settings.letterIndex(),
                    item.told(indexIsContent)),
            null);
      } else if (item.documentAtFault() || item.lacksRouting() && mayHaveRouting(settings)) {
        rejected.add(0, rejection(settings, document, item));
      } else {
        return fatal(
            "Elasticsearch at %s does not take documents for index '%s': %s"
                .formatted(
                    settings.connection().hostList(), settings.index(), item.told(indexIsContent)),
            null);
      }
    }
    return new Verdict(retry, rejected, conflicts, reason, trouble, Optional.empty());
  }

  private static Trouble max(Trouble one, Trouble other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /**
   * After a retry, or a restart, it may be the same document: who creates wants it to be there, and
   * not twice.
   */
  private static boolean isDelivered(SinkSettings settings, DocumentRequest document) {
    return document.operation() == Operation.CREATE
        || document.address().version() != null && settings.actions().conflictIsSuccess();
  }

  private static boolean mayHaveRouting(SinkSettings settings) {
    return settings.addressing().routingField() != null;
  }

  private static boolean isDeleted(DocumentRequest document, BulkItem item) {
    return document.operation() == Operation.DELETE && item.nothingThere();
  }

  private static Rejected rejection(
      SinkSettings settings, DocumentRequest document, BulkItem item) {
    return new Rejected(
        document,
        new BadRecord(
            Stage.REFUSED,
            new Origin.Document(settings.index(), document.id()),
            "Elasticsearch at %s says %s".formatted(settings.connection().hostList(), item)));
  }

  private static Verdict again(List<DocumentRequest> documents, String reason, Trouble trouble) {
    return new Verdict(documents, List.of(), 0, reason, trouble, Optional.empty());
  }

  private static Verdict fatal(String message, Exception cause) {
    return new Verdict(
        List.of(),
        List.of(),
        0,
        null,
        Trouble.NONE,
        Optional.of(new ElasticsearchSinkException(message, cause)));
  }
}
