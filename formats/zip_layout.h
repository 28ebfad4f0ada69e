/* SPDX-License-Identifier: Apache-2.0 */
/* zip_layout - records of a ZIP file, APPNOTE 4.3. Private to the room. */
#ifndef LTPS_FORMATS_ZIP_LAYOUT_H
#define LTPS_FORMATS_ZIP_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define ZIP_LOCAL_SIG 0x04034b50u
#define ZIP_LOCAL_LEN 30
#define ZIP_DESCRIPTOR_SIG 0x08074b50u
#define ZIP_CENTRAL_SIG 0x02014b50u
#define ZIP_CENTRAL_LEN 46
#define ZIP_CENTRAL_NAME_LEN 28 /* offset of that field */
#define ZIP_CENTRAL_OFFSET 42
#define ZIP_END_SIG 0x06054b50u
#define ZIP_END_LEN 22

#define ZIP_VERSION 20 /* 4.4.3: what folders and deflate need */
#define ZIP_FLAG_ENCRYPTED 0x0001
#define ZIP_FLAG_DEFLATE_KIND 0x0006
#define ZIP_FLAG_DESCRIPTOR 0x0008
#define ZIP_FLAG_UTF8 0x0800

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

/* CRC-32 of ISO 3309, as the format has it. */
uint32_t zip_crc(struct view data);

#endif
