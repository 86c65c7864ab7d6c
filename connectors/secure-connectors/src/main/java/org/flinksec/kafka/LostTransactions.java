// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those of one commit that are lost, told in one message. */
final class LostTransactions {
  private static final Logger LOG = LoggerFactory.getLogger(LostTransactions.class);
  private static final int MOST_NAMES = 5;
  private static final String WAY_OUT =
      "; to write these records again, start the job from an older checkpoint or from earlier"
          + " offsets; to go on without them, set kafka.on_lost_transaction = \"log\"";

  private final String target;
  private final String timeoutMillis;
  private final Map<String, TransactionFate> found = new LinkedHashMap<>();

  LostTransactions(String target, String timeoutMillis) {
    this.target = target;
    this.timeoutMillis = timeoutMillis;
  }

  void add(String transactionalId, TransactionFate fate) {
    found.put(transactionalId, fate);
  }

  /**
   * Ends the job, or tells the log.
   *
   * @throws LostTransactionException if there is one, and the job is to fail
   */
  void settle(OnLostTransaction choice) throws LostTransactionException {
    if (found.isEmpty()) {
      return;
    }
    if (choice == OnLostTransaction.FAIL) {
      throw new LostTransactionException(message() + WAY_OUT);
    }
    LOG.error("{}; the job goes on, as kafka.on_lost_transaction says", message());
  }

  private String message() {
    long lost = found.values().stream().filter(TransactionFate.LOST::equals).count();
    String what =
        lost == found.size()
            ? "the brokers have aborted what the job wrote to %s, and its records are lost"
            : "the brokers cannot say any more whether what the job wrote to %s was committed, and"
                + " its records may be lost";
    return what.formatted(target)
        + ": transactional id "
        + names()
        + ", kafka.transaction_timeout "
        + timeoutMillis
        + " ms";
  }

  private String names() {
    String names = found.keySet().stream().limit(MOST_NAMES).collect(Collectors.joining(", "));
    int more = found.size() - MOST_NAMES;
    return more > 0 ? names + " and " + more + " more" : names;
  }
}
