// SPDX-License-Identifier: Apache-2.0
package org.apache.beam.sdk.fn.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.beam.model.pipeline.v1.Endpoints.ApiServiceDescriptor;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.BindableService;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.Server;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.ServerInterceptor;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.ServerInterceptors;
import org.apache.beam.vendor.grpc.v1p60p1.io.grpc.netty.NettyServerBuilder;
import org.apache.beam.vendor.grpc.v1p60p1.io.netty.channel.epoll.Epoll;
import org.apache.beam.vendor.grpc.v1p60p1.io.netty.channel.epoll.EpollEventLoopGroup;
import org.apache.beam.vendor.grpc.v1p60p1.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import org.apache.beam.vendor.grpc.v1p60p1.io.netty.channel.unix.DomainSocketAddress;

/**
 * Stands in a local run before Beam's class of this name, whose servers for Python workers listen
 * on all interfaces and let everybody in.
 *
 * <p>These listen on Unix sockets in the private directory of the run. Where there are none (the
 * native library is for Linux), they listen on the loopback interface.
 */
public abstract class ServerFactory {
  private static final long KEEP_ALIVE_SECONDS = 19; // Beam's workers send one every 20 s
  private static final int LONGEST_PATH = 100; // the kernel takes 107 bytes
  private static final AtomicLong COUNTER = new AtomicLong();

  /** For what runs workers as processes. */
  public static ServerFactory createDefault() {
    return new PrivateSockets();
  }

  /** For Docker, which PyFlink has no use for. */
  public static ServerFactory createWithUrlFactory(UrlFactory urls) {
    throw new UnsupportedOperationException("a local run has no workers in containers");
  }

  /** For Docker, which PyFlink has no use for. */
  public static ServerFactory createWithPortSupplier(Supplier<Integer> ports) {
    throw new UnsupportedOperationException("a local run has no workers in containers");
  }

  /** For Docker, which PyFlink has no use for. */
  public static ServerFactory createWithUrlFactoryAndPortSupplier(
      UrlFactory urls, Supplier<Integer> ports) {
    throw new UnsupportedOperationException("a local run has no workers in containers");
  }

  /** The same as the default. */
  public static ServerFactory createEpollSocket() {
    return createDefault();
  }

  /** The same as the default. */
  public static ServerFactory createEpollDomainSocket() {
    return createDefault();
  }

  /** Starts a server and tells its address. */
  public abstract Server allocateAddressAndCreate(
      List<BindableService> services, ApiServiceDescriptor.Builder address) throws IOException;

  /** Starts a server at an address. */
  public abstract Server create(List<BindableService> services, ApiServiceDescriptor address)
      throws IOException;

  /** How Beam writes the address of a server. */
  public interface UrlFactory {
    /** The address of a port of a host. */
    String createUrl(String host, int port);

    /** Host and port. */
    static UrlFactory createDefault() {
      return (host, port) -> host + ":" + port;
    }
  }

  private static final class PrivateSockets extends ServerFactory {
    private static Path directory;

    @Override
    public Server allocateAddressAndCreate(
        List<BindableService> services, ApiServiceDescriptor.Builder address) throws IOException {
      if (Epoll.isAvailable()) {
        Path socket = socketDirectory().resolve(COUNTER.incrementAndGet() + ".sock");
        socket.toFile().deleteOnExit();
        address.setUrl("unix://" + socket);
        return start(
            services,
            NettyServerBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
                .channelType(EpollServerDomainSocketChannel.class)
                .workerEventLoopGroup(new EpollEventLoopGroup())
                .bossEventLoopGroup(new EpollEventLoopGroup()));
      }
      InetAddress loopback = InetAddress.getLoopbackAddress();
      Server server =
          start(services, NettyServerBuilder.forAddress(new InetSocketAddress(loopback, 0)));
      address.setUrl("localhost:" + server.getPort());
      return server;
    }

    @Override
    public Server create(List<BindableService> services, ApiServiceDescriptor address) {
      throw new UnsupportedOperationException("a local run chooses the addresses of its servers");
    }

    /** A directory whose name is short and plain enough for a socket's address. */
    private static synchronized Path socketDirectory() throws IOException {
      if (directory == null) {
        Path wanted = Path.of(System.getProperty("java.io.tmpdir"));
        boolean fits =
            wanted.toString().length() < LONGEST_PATH - 40
                && wanted.toString().matches("[A-Za-z0-9/._-]+");
        // Files.createTempDirectory makes it for this user alone.
        directory =
            fits
                ? Files.createTempDirectory(wanted, "sockets")
                : Files.createTempDirectory(Path.of("/tmp"), "flinksec-sockets-");
        directory.toFile().deleteOnExit();
      }
      return directory;
    }

    private static Server start(List<BindableService> services, NettyServerBuilder builder)
        throws IOException {
      builder
          .maxInboundMessageSize(Integer.MAX_VALUE)
          .permitKeepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
      ServerInterceptor interceptor = beamsInterceptor();
      for (BindableService service : services) {
        builder.addService(ServerInterceptors.intercept(service, interceptor));
      }
      return builder.build().start();
    }

    private static ServerInterceptor beamsInterceptor() {
      try {
        Class<?> provider =
            Class.forName("org.apache.beam.sdk.fn.server.GrpcContextHeaderAccessorProvider");
        return (ServerInterceptor) provider.getMethod("interceptor").invoke(null);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("flink-python has another Beam than this was made for", e);
      }
    }
  }
}
