// SPDX-License-Identifier: GPL-2.0
/*
 * Which basic blocks of the module have been run?  Linked into a module that is
 * built for the question (see run), with a call to the function below at the
 * beginning of each of its blocks.  Not KCOV: that would want a kernel of its
 * own, and tells of the task that asks only, while most of the module runs in
 * workers and in probes.
 *
 * The parameter "coverage" is the number of a page, and reads as the addresses
 * after the calls that were come by, those of that page: a sysfs file is short.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/module.h>

/* From our own address, both ways: more than the module's code. */
#define WINDOW (1UL << 20)
#define PER_PAGE 200U

void __sanitizer_cov_trace_pc(void);

static DECLARE_BITMAP(seen, 2 * WINDOW);
static unsigned int page;

static unsigned long first(void)
{
	return (unsigned long)__sanitizer_cov_trace_pc - WINDOW;
}

/* Any context. */
notrace void __sanitizer_cov_trace_pc(void)
{
	unsigned long at = _RET_IP_ - first();

	if (at < 2 * WINDOW && !test_bit(at, seen))
		set_bit(at, seen);
}

static int choose_page(const char *value, const struct kernel_param *kp)
{
	return kstrtouint(value, 0, &page);
}

static int show_page(char *buf, const struct kernel_param *kp)
{
	unsigned int skip = page * PER_PAGE, left = PER_PAGE;
	unsigned long at;
	int len = 0;

	for_each_set_bit(at, seen, 2 * WINDOW) {
		if (skip) {
			skip--;
			continue;
		}
		if (!left--)
			break;
		len += scnprintf(buf + len, PAGE_SIZE - len, "%lx\n",
				 first() + at);
	}
	return len;
}

static const struct kernel_param_ops page_ops = {
	.set = choose_page,
	.get = show_page,
};
module_param_cb(coverage, &page_ops, NULL, 0600);
MODULE_PARM_DESC(coverage, "page of addresses that have been run");
