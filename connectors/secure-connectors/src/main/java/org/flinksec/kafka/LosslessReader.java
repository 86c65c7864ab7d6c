// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.InputStatus;
import org.flinksec.timestamps.Parts;
import org.flinksec.timestamps.PartsReader;

/** A reader of partitions that says by name which offsets have gone. */
final class LosslessReader<T, S extends SourceSplit> extends PartsReader<T, S> {
  private final Parts partitions;

  LosslessReader(SourceReader<T, S> reader, SourceReaderContext context, Parts partitions) {
    super(reader, context, partitions);
    this.partitions = partitions;
  }

  @Override
  public void handleSourceEvents(SourceEvent event) {
    if (event instanceof AllAssigned) {
      partitions.allAreAssigned();
    } else {
      super.handleSourceEvents(event);
    }
  }

  @Override
  public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
    try {
      return super.pollNext(output);
    } catch (RuntimeException failure) { // in which the reader wraps what its threads failed of
      LostOffsetsException lost = LostOffsetsException.of(failure);
      throw lost == null ? failure : lost;
    }
  }
}
