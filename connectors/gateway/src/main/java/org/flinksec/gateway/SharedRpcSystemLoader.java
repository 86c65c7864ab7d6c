// SPDX-License-Identifier: Apache-2.0
package org.flinksec.gateway;

import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.rpc.AddressResolution;
import org.apache.flink.runtime.rpc.RpcSystem;
import org.apache.flink.runtime.rpc.RpcSystemLoader;
import org.apache.flink.runtime.rpc.pekko.PekkoRpcSystemLoader;

/**
 * Loads Flink's RPC system once for all jobs of a JVM.
 *
 * <p>Each job of a local run has a cluster of its own, and Flink would load Pekko for each anew: a
 * jar of 21 MB copied to the disk, and 1,500 classes in a class loader of their own. Only classes
 * are shared; a cluster's actors, ports and configuration are its own, as before.
 */
public final class SharedRpcSystemLoader implements RpcSystemLoader {
  private static RpcSystem shared;

  /** For {@code ServiceLoader}. */
  public SharedRpcSystemLoader() {}

  /** Before Flink's own, whose priority is 0. */
  @Override
  public int getLoadPriority() {
    return -1;
  }

  @Override
  public RpcSystem loadRpcSystem(Configuration configuration) {
    synchronized (SharedRpcSystemLoader.class) {
      if (shared == null) {
        // A copy of Pekko's jar lies where all of this JVM's own files do, which go away with it.
        shared = new PekkoRpcSystemLoader().loadRpcSystem(new Configuration());
      }
      return new Borrowed(shared);
    }
  }

  /** What a cluster may close when it ends; the others go on. */
  private record Borrowed(RpcSystem system) implements RpcSystem {
    @Override
    public RpcServiceBuilder localServiceBuilder(Configuration configuration) {
      return system.localServiceBuilder(configuration);
    }

    @Override
    public RpcServiceBuilder remoteServiceBuilder(
        Configuration configuration, String externalAddress, String externalPortRange) {
      return system.remoteServiceBuilder(configuration, externalAddress, externalPortRange);
    }

    @Override
    public String getRpcUrl(
        String host,
        int port,
        String endpoint,
        AddressResolution resolution,
        Configuration configuration)
        throws UnknownHostException {
      return system.getRpcUrl(host, port, endpoint, resolution, configuration);
    }

    @Override
    public InetSocketAddress getInetSocketAddressFromRpcUrl(String url) throws Exception {
      return system.getInetSocketAddressFromRpcUrl(url);
    }

    @Override
    public long getMaximumMessageSizeInBytes(Configuration configuration) {
      return system.getMaximumMessageSizeInBytes(configuration);
    }
  }
}
