/* SPDX-License-Identifier: Apache-2.0 */
/* text - texts that were cut to their room. */
#ifndef LTPS_BASE_TEXT_H
#define LTPS_BASE_TEXT_H

/* What is left of a letter that was cut, at the end or in the midst ("%.60s"), becomes
 * '?': every octet that is of no well-formed UTF-8. */
void text_make_utf8(char *s);

#endif
