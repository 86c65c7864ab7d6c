// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Set;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.flinksec.timestamps.Parts;

/**
 * Records, and which partitions have been read to their end, in the order in which it is true.
 *
 * <p>What has more, or could not be asked about, holds the others back before the first of these
 * records is handed over; what has been read is left out after the last.
 */
final class RecordsAndFindings<E> implements RecordsWithSplitIds<E> {
  private final RecordsWithSplitIds<E> records;
  private final Parts partitions;
  private final Findings found;
  private boolean begun;

  RecordsAndFindings(RecordsWithSplitIds<E> records, Parts partitions, Findings found) {
    this.records = records;
    this.partitions = partitions;
    this.found = found;
  }

  /**
   * What is found of partitions, by their ids.
   *
   * @param more has come since all had been read
   * @param unknown could not be asked about
   * @param read to the end that the brokers told last
   */
  record Findings(Collection<String> more, Collection<String> unknown, Collection<String> read) {
    Findings() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    boolean isEmpty() {
      return more.isEmpty() && unknown.isEmpty() && read.isEmpty();
    }
  }

  @Override
  public String nextSplit() {
    if (!begun) {
      begun = true;
      partitions.haveMore(found.more());
      partitions.areUnknown(found.unknown());
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
    partitions.haveBeenRead(found.read());
  }
}
