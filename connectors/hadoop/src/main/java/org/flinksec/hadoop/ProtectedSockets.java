// SPDX-License-Identifier: Apache-2.0
package org.flinksec.hadoop;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.SocketFactory;

/**
 * Sockets to DataNodes that carry nothing before a handshake of SASL.
 *
 * <p>Hadoop's client leaves {@code dfs.data.transfer.protection} out, without a word, towards a
 * DataNode whose port is below 1024: only root could have opened that, and so it is taken for
 * genuine. That says nothing of who listens on the way. What protects data always begins with the
 * handshake, so a connection that begins with anything else is refused.
 */
public final class ProtectedSockets extends SocketFactory {
  /** {@code SASL_TRANSFER_MAGIC_NUMBER}, with which a client asks a DataNode for the handshake. */
  static final int HANDSHAKE = 0xDEADBEEF;

  private static final AtomicReference<String> LAST = new AtomicReference<>("");

  /**
   * Returns why the last connection was refused, in terms of settings, and forgets it, as the next
   * job of this JVM may fail for another reason; empty if none was.
   */
  public static String takeLastRefusal() {
    return LAST.getAndSet("");
  }

  @Override
  public Socket createSocket() {
    return new ProtectedSocket();
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress local, int localPort)
      throws IOException {
    return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws IOException {
    return connected(new InetSocketAddress(host, port), null);
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
      throws IOException {
    return connected(new InetSocketAddress(host, port), new InetSocketAddress(local, localPort));
  }

  // Hadoop keeps sockets by their factory: all of these are alike.
  @Override
  public boolean equals(Object other) {
    return other instanceof ProtectedSockets;
  }

  @Override
  public int hashCode() {
    return ProtectedSockets.class.hashCode();
  }

  private Socket connected(SocketAddress address, SocketAddress local) throws IOException {
    Socket socket = createSocket();
    try {
      socket.bind(local);
      socket.connect(address);
    } catch (IOException error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  private static final class ProtectedSocket extends Socket {
    private OutputStream out;

    @Override
    public synchronized OutputStream getOutputStream() throws IOException {
      if (out == null) {
        out = new Begun(super.getOutputStream(), getRemoteSocketAddress());
      }
      return out;
    }
  }

  private static final class Begun extends FilterOutputStream {
    private final SocketAddress peer;
    private int seen;

    Begun(OutputStream out, SocketAddress peer) {
      super(out);
      this.peer = peer;
    }

    @Override
    public void write(int one) throws IOException {
      if (seen < Integer.BYTES) {
        check(one);
      }
      out.write(one);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      for (int i = 0; i < length && seen < Integer.BYTES; i++) {
        check(bytes[offset + i]);
      }
      out.write(bytes, offset, length);
    }

    private void check(int one) throws IOException {
      if ((one & 0xFF) != (HANDSHAKE >>> 8 * (Integer.BYTES - 1 - seen) & 0xFF)) {
        String why =
            "hdfs.data_transfer_protection: Hadoop's client protects nothing that goes to the"
                + " DataNode "
                + peer
                + ", whose port is below 1024";
        LAST.set(why);
        throw new IOException(why);
      }
      seen++;
    }
  }
}
