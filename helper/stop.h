/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_STOP_H
#define ANYGATECTL_STOP_H

#include <stdbool.h>
#include <stdint.h>

int stop_fd(void);
bool stop_wait(int fd, uint64_t ns);

#endif
