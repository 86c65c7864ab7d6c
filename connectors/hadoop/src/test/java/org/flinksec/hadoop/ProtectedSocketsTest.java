// SPDX-License-Identifier: Apache-2.0
package org.flinksec.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.protocol.ClientProtocol;
import org.apache.hadoop.hdfs.protocol.ExtendedBlock;
import org.apache.hadoop.hdfs.protocol.datatransfer.Sender;
import org.apache.hadoop.hdfs.security.token.block.BlockTokenIdentifier;
import org.apache.hadoop.hdfs.server.datanode.CachingStrategy;
import org.apache.hadoop.net.NetUtils;
import org.apache.hadoop.security.token.Token;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProtectedSocketsTest {
  private ServerSocket server;

  @BeforeEach
  void listens() throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void closes() throws IOException {
    server.close();
  }

  private Socket connected() throws IOException {
    Socket socket = new ProtectedSockets().createSocket();
    socket.connect(server.getLocalSocketAddress());
    return socket;
  }

  @Test
  void hadoopTakesItsSocketsToDataNodesFromHere() {
    Configuration configuration = new Configuration(false);
    configuration.set(
        "hadoop.rpc.socket.factory.class.ClientProtocol", ProtectedSockets.class.getName());
    assertThat(NetUtils.getSocketFactory(configuration, ClientProtocol.class))
        .isInstanceOf(ProtectedSockets.class);
  }

  @Test
  void whatHadoopsClientSendsWithoutAHandshakeDoesNotLeave() throws IOException {
    try (Socket socket = connected();
        Socket peer = server.accept()) {
      Sender sender = new Sender(new DataOutputStream(socket.getOutputStream()));
      assertThatThrownBy(
              () ->
                  sender.readBlock(
                      new ExtendedBlock("pool", 1),
                      new Token<BlockTokenIdentifier>(),
                      "client",
                      0,
                      1,
                      true,
                      CachingStrategy.newDefaultStrategy()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("hdfs.data_transfer_protection")
          .hasMessageContaining("whose port is below 1024");
      socket.shutdownOutput();
      assertThat(peer.getInputStream().read()).isEqualTo(-1);
      assertThat(ProtectedSockets.takeLastRefusal()).contains("hdfs.data_transfer_protection");
      assertThat(ProtectedSockets.takeLastRefusal()).as("told once").isEmpty();
    }
  }

  @Test
  void aHandshakePassesByteByByteAndAtOnceAndAllThatFollowsIt() throws IOException {
    for (boolean atOnce : new boolean[] {true, false}) {
      try (Socket socket = connected();
          Socket peer = server.accept()) {
        if (atOnce) {
          new DataOutputStream(socket.getOutputStream()).writeInt(ProtectedSockets.HANDSHAKE);
        } else {
          for (int shift = 24; shift >= 0; shift -= 8) {
            socket.getOutputStream().write(ProtectedSockets.HANDSHAKE >>> shift);
          }
        }
        socket.getOutputStream().write(new byte[] {0, 28, 81});
        DataInputStream in = new DataInputStream(peer.getInputStream());
        assertThat(in.readInt()).isEqualTo(ProtectedSockets.HANDSHAKE);
        assertThat(in.readNBytes(3)).containsExactly(0, 28, 81);
      }
    }
  }

  @Test
  void aBeginningThatOnlyLooksLikeAHandshakeIsRefused() throws IOException {
    try (Socket socket = connected()) {
      byte[] nearly = {(byte) 0xDE, (byte) 0xAD, (byte) 0xBE, 0, 1};
      assertThatThrownBy(() -> socket.getOutputStream().write(nearly))
          .isInstanceOf(IOException.class);
    }
  }
}
