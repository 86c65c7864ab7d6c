// SPDX-License-Identifier: Apache-2.0
package org.flinksec.kafka;

import org.apache.flink.api.connector.source.SourceEvent;

/** All partitions that were found have been assigned: a reader that has none gets none for now. */
record AllAssigned() implements SourceEvent {}
