// SPDX-License-Identifier: Apache-2.0
package org.flinksec.formats.debezium;

import java.io.Serializable;

/**
 * What values mean where no schema says it.
 *
 * @param perSecond units of a time that is a number: 1,000, 1,000,000 or 1,000,000,000
 * @param decimalsAreBytes whether a decimal in text is Base64 of its digits, as Debezium writes it
 *     unless told otherwise; else it is a number in text
 */
record Conventions(int perSecond, boolean decimalsAreBytes) implements Serializable {
  private static final long serialVersionUID = 1L;
}
