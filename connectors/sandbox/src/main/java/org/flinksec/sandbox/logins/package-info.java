// SPDX-License-Identifier: Apache-2.0
/** What the sandbox's broker needs besides Kerberos: users with passwords, and tokens. */
package org.flinksec.sandbox.logins;
