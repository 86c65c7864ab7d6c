// SPDX-License-Identifier: Apache-2.0
package org.flinksec.sealed.flink;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;

/** The ZooKeeper that Flink brings along, alone and in this process. */
final class ZooKeeper implements AutoCloseable {
  private static final int TICK_MILLIS = 500;
  private static final int CONNECTIONS = 50;

  private final ServerCnxnFactory connections;

  ZooKeeper(Path directory) throws IOException, InterruptedException {
    connections =
        ServerCnxnFactory.createFactory(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CONNECTIONS);
    connections.startup(new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MILLIS));
  }

  String quorum() {
    return InetAddress.getLoopbackAddress().getHostAddress() + ":" + connections.getLocalPort();
  }

  @Override
  public void close() {
    connections.shutdown();
  }
}
