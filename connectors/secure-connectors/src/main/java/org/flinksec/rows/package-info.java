// SPDX-License-Identifier: Apache-2.0

/** Work on rows that would cost a way into Python and back for each of them. */
package org.flinksec.rows;
