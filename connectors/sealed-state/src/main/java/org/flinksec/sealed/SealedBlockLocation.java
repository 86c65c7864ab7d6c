// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed;

import org.apache.flink.core.fs.BlockLocation;

/** A stretch of plaintext and the hosts that store it. */
record SealedBlockLocation(String[] hosts, long offset, long length) implements BlockLocation {
  @Override
  public String[] getHosts() {
    return hosts.clone();
  }

  @Override
  public long getOffset() {
    return offset;
  }

  @Override
  public long getLength() {
    return length;
  }

  @Override
  public int compareTo(BlockLocation other) {
    return Long.compare(offset, other.getOffset());
  }
}
