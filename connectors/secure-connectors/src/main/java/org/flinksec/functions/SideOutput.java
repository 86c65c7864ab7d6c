// SPDX-License-Identifier: Apache-2.0
package org.flinksec.functions;

import java.io.Serializable;
import org.apache.flink.util.OutputTag;
import org.flinksec.rows.Shape;

/** A side output that somebody reads. */
final class SideOutput implements Serializable {
  private static final long serialVersionUID = 1L;

  private final OutputTag<Object> tag;
  private final Shape shape;
  private transient Crossing crossing;

  SideOutput(OutputTag<Object> tag, Shape shape) {
    this.tag = tag;
    this.shape = shape;
  }

  OutputTag<Object> tag() {
    return tag;
  }

  Crossing crossing() {
    if (crossing == null) {
      crossing = Crossing.of(shape);
    }
    return crossing;
  }
}
