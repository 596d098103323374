/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_RTTABLE_H
#define ANYGATECTL_RTTABLE_H

#include <stddef.h>
#include <stdint.h>

int rttable_number(const char *name, uint32_t *table);
const char *rttable_name(uint32_t table, char *buf, size_t size);

#endif
