// SPDX-License-Identifier: Apache-2.0
package org.flinksec.elasticsearch;

import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.connector.base.sink.writer.TestSinkInitContextAnyThreadMailbox;

/** Flink's context of tests, which is asked for the mailbox more than once, as a task's is. */
class OneMailbox extends TestSinkInitContextAnyThreadMailbox {
  private MailboxExecutor mailbox;

  @Override
  public MailboxExecutor getMailboxExecutor() {
    if (mailbox == null) {
      mailbox = super.getMailboxExecutor();
    }
    return mailbox;
  }
}
