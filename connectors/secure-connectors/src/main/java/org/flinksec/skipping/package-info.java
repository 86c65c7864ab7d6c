// SPDX-License-Identifier: Apache-2.0

/** What it means to leave records out: how many, and when it is too many. */
package org.flinksec.skipping;
