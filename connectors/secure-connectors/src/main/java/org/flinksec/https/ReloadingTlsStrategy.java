// SPDX-License-Identifier: Apache-2.0
package org.flinksec.https;

import java.net.SocketAddress;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.nio.ssl.TlsStrategy;
import org.apache.hc.core5.net.NamedEndpoint;
import org.apache.hc.core5.reactor.ssl.TransportSecurityLayer;
import org.apache.hc.core5.util.Timeout;
import org.flinksec.tls.ReloadingContext;
import org.flinksec.tls.TlsException;
import org.flinksec.tls.TlsSettings;
import org.flinksec.tls.Verification;

/** TLS of each connection with the files as they are then. */
final class ReloadingTlsStrategy implements TlsStrategy {
  private final TlsSettings settings;
  private final ReloadingContext contexts;
  private SSLContext context;
  private NameCheckingTlsStrategy made;

  /**
   * @throws TlsException if a file cannot be used
   */
  ReloadingTlsStrategy(String section, TlsSettings settings) throws TlsException {
    this.settings = settings;
    this.contexts = new ReloadingContext(section, settings);
  }

  private synchronized NameCheckingTlsStrategy newest() {
    SSLContext now = contexts.newest();
    if (now != context) {
      boolean checkName = settings.verification() == Verification.FULL;
      made = new NameCheckingTlsStrategy(now, checkName, settings.versions());
      context = now;
    }
    return made;
  }

  @Override
  public void upgrade(
      TransportSecurityLayer connection,
      NamedEndpoint endpoint,
      Object attachment,
      Timeout handshake,
      FutureCallback<TransportSecurityLayer> callback) {
    newest().upgrade(connection, endpoint, attachment, handshake, callback);
  }

  @Override
  @Deprecated
  public boolean upgrade(
      TransportSecurityLayer connection,
      HttpHost host,
      SocketAddress local,
      SocketAddress remote,
      Object attachment,
      Timeout handshake) {
    return newest().upgrade(connection, host, local, remote, attachment, handshake);
  }
}
