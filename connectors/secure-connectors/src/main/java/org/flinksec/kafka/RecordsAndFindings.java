// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.Collection;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.flinksec.timestamps.Parts;

/**
 * Records, and which partitions have been read to their end, in the order in which it is true.
 *
 * <p>What has not been read holds the others back before the first of these records is handed over;
 * what has been read is left out after the last.
 */
final class RecordsAndFindings<E> implements RecordsWithSplitIds<E> {
  private final RecordsWithSplitIds<E> records;
  private final Parts partitions;
  private final Collection<String> notRead;
  private final Collection<String> nowRead;
  private boolean begun;

  RecordsAndFindings(
      RecordsWithSplitIds<E> records,
      Parts partitions,
      Collection<String> notRead,
      Collection<String> nowRead) {
    this.records = records;
    this.partitions = partitions;
    this.notRead = notRead;
    this.nowRead = nowRead;
  }

  @Override
  public String nextSplit() {
    if (!begun) {
      begun = true;
      partitions.haveNotBeenRead(notRead);
    }
    return records.nextSplit();
  }

  @Override
  public E nextRecordFromSplit() {
    return records.nextRecordFromSplit();
  }

  @Override
  public Set<String> finishedSplits() {
    return records.finishedSplits();
  }

  @Override
  public void recycle() {
    records.recycle();
    partitions.haveBeenRead(nowRead);
  }
}
