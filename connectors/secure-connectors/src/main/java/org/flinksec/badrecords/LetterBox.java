// SPDX-License-Identifier: Apache-2.0
package org.flinksec.badrecords;

import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.flinksec.logging.LimitedWarnings;
import org.slf4j.LoggerFactory;

/**
 * All that is done with a dead letter before it is written, wherever it comes from: it is held
 * against the quota, counted in the metric {@code flinksec.deadLetters}, told in the log, and gets
 * its headers.
 *
 * <p>It is used by one thread.
 */
public final class LetterBox {
  /** Flink's variable of all metrics that is the id of the job. */
  private static final String JOB_ID = "<job_id>";

  private final LetterPolicy policy;
  private final int task;
  private final Counter letters;
  private final DeadLetterQuota quota;
  private final LimitedWarnings warnings =
      new LimitedWarnings(LoggerFactory.getLogger(LetterBox.class), LimitedWarnings.SKIPPED);

  /**
   * @param metrics those of the operator that writes the letters
   * @param task the number of its parallel instance, from 0
   */
  public LetterBox(LetterPolicy policy, MetricGroup metrics, int task) {
    this.policy = policy;
    this.task = task;
    this.letters = metrics.addGroup("flinksec").counter("deadLetters");
    this.quota =
        DeadLetterQuota.ofJob(
            metrics.getAllVariables().getOrDefault(JOB_ID, policy.job()),
            policy.most(),
            policy.window());
  }

  /**
   * Takes a letter that is about to be written.
   *
   * @return its headers
   * @throws DeadLetterException if it is one too many
   */
  public List<Original.Header> take(Letter letter) throws DeadLetterException {
    quota.take(letter);
    letters.inc();
    SkipTally.letter(policy.inWords());
    warnings.warn(
        "A dead letter for %s: %s".formatted(policy.inWords(), letter.badRecord().message()));
    return LetterHeaders.of(letter, policy.job(), task);
  }
}
