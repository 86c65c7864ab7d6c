// SPDX-License-Identifier: Apache-2.0
package org.flinksec;

import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.util.InstantiationUtil;

/** What happens to an object on its way into a job graph and onto a task. */
public final class Serialized {
  private Serialized() {}

  public static <T extends Serializable> T copy(T object) {
    try {
      return InstantiationUtil.clone(object);
    } catch (IOException | ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
