// SPDX-License-Identifier: Apache-2.0
/** Secrets in files, read where and when they are used. */
package org.flinksec.secrets;
