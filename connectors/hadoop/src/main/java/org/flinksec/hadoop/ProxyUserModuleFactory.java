// SPDX-License-Identifier: Apache-2.0
package org.flinksec.hadoop;

import java.io.IOException;
import org.apache.flink.runtime.security.SecurityConfiguration;
import org.apache.flink.runtime.security.modules.SecurityModule;
import org.apache.flink.runtime.security.modules.SecurityModuleFactory;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.UserGroupInformation;

/**
 * Makes the user of {@code hdfs.proxy_user} the one as whom all of a JVM uses HDFS.
 *
 * <p>Hadoop's own variable {@code HADOOP_PROXY_USER} has no effect on a login by keytab, which is
 * the one that Flink does. So it is done here, right after that login. Flink renews the ticket of
 * the login itself: it keeps the user that it has logged in, not the one that is in its place.
 */
public final class ProxyUserModuleFactory implements SecurityModuleFactory {
  /** In {@code core-site.xml}, as it is written by the settings. */
  public static final String OPTION = "flinksec.hdfs.proxy-user";

  @Override
  public SecurityModule createModule(SecurityConfiguration configuration) {
    return new Module();
  }

  private static final class Module implements SecurityModule {
    @Override
    public void install() throws SecurityInstallException {
      String user = new Configuration().getTrimmed(OPTION, "");
      if (user.isEmpty()) {
        return;
      }
      try {
        UserGroupInformation real = UserGroupInformation.getLoginUser();
        if (real.getRealUser() != null) {
          real = real.getRealUser();
        }
        if (!real.hasKerberosCredentials()) {
          throw new IOException("hdfs.proxy_user: the job itself has not logged in by Kerberos");
        }
        UserGroupInformation.setLoginUser(UserGroupInformation.createProxyUser(user, real));
      } catch (IOException error) {
        throw new SecurityInstallException("The proxy user cannot be set", error);
      }
    }

    @Override
    public void uninstall() throws SecurityInstallException {
      try {
        UserGroupInformation real = UserGroupInformation.getLoginUser().getRealUser();
        if (real != null) {
          UserGroupInformation.setLoginUser(real);
        }
      } catch (IOException error) {
        throw new SecurityInstallException("The proxy user cannot be taken away", error);
      }
    }
  }
}
