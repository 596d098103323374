// SPDX-License-Identifier: GPL-2.0
/* The arguments of the verbs that are about a gate that is there already. */

#include <stdio.h>
#include <string.h>

#include "args.h"
#include "names.h"

/**
 * parse_gate_ref() - parse a prefix or the name of a group
 * @arg: what the user gave
 * @ref: result; points to @arg
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_gate_ref(const char *arg, struct gate_ref *ref, struct err *e)
{
	memset(ref, 0, sizeof(*ref));
	ref->said = arg;
	if (!is_name(arg))
		return parse_prefix(arg, &ref->prefix, e);
	ref->name = arg;
	return parse_name("name", arg, e);
}

/**
 * gate_ref_text() - which gate, as text
 * @ref: gate or group
 * @buf: for the result
 *
 * Return: the prefix, always with its length, or the name
 */
const char *gate_ref_text(const struct gate_ref *ref, char buf[PREFIX_TEXT])
{
	if (ref->name)
		snprintf(buf, PREFIX_TEXT, "%s", ref->name);
	else
		prefix_text(&ref->prefix, buf);
	return buf;
}

/**
 * parse_gate_arg() - parse the arguments of a verb that takes nothing else
 * @argc: number of arguments
 * @argv: [PREFIX|NAME]
 * @verb: the verb, for messages
 * @ref: result; @ref->said is NULL if there is no argument
 * @e: what is wrong with them
 *
 * Return: 0 or -1
 */
int parse_gate_arg(int argc, char **argv, const char *verb,
		   struct gate_ref *ref, struct err *e)
{
	memset(ref, 0, sizeof(*ref));
	if (!argc)
		return 0;
	if (parse_gate_ref(argv[0], ref, e))
		return -1;
	if (argc > 1)
		return err_set(e, "%s: \"%s\" is too much; %s takes one prefix or name", verb,
			       argv[1], verb);
	return 0;
}

/**
 * parse_first_arg() - parse the gate that a verb cannot do without
 * @argc: number of arguments
 * @argv: PREFIX|NAME and all that follows
 * @verb: the verb, for messages
 * @ref: result
 * @e: what is wrong with it
 *
 * Return: 0 or -1
 */
int parse_first_arg(int argc, char **argv, const char *verb,
		    struct gate_ref *ref, struct err *e)
{
	if (argc < 1 || !strcmp(argv[0], "for"))
		return err_set(e, "%s: the prefix is missing; say for example %s 192.0.2.53/32, or give a name",
			       verb, verb);
	return parse_gate_ref(argv[0], ref, e);
}

static bool may_end(uint32_t order)
{
	return order == ANYGATE_ORDER_DRAIN || order == ANYGATE_ORDER_PIN ||
	       order == ANYGATE_ORDER_OBSERVE;
}

/* After "wait" it says how long that may take. */
static int parse_for(const char *verb, const char *arg, struct order_args *o,
		     struct err *e)
{
	const char **said = o->wait ? &o->wait_said : &o->ms_said;
	uint32_t *ms = o->wait ? &o->wait_ms : &o->ms;

	if (*said)
		return err_set(e, "for is given twice%s", o->wait ? " after wait" : "");
	if (!arg)
		return err_set(e, "for: the value is missing; give a time, as 10m");
	*said = arg;
	if (parse_time("for", arg, 0, TIME_MAX, ms, e))
		return -1;
	if (*ms)
		return 0;
	return err_set(e, "for %s: a time from 1ms to 49d is needed; %s ends at once otherwise", arg,
		       o->wait ? "the wait" : verb);
}

static int parse_order_word(uint32_t order, const char *arg, struct err *e)
{
	static const char *const words[] = { "for", "force" };
	static const char *const drain_words[] = { "for", "wait" };
	uint32_t ms;

	if (!parse_time("for", arg, 1, TIME_MAX, &ms, e))
		return err_set(e, "%s is a time; say for %s", arg, arg);
	if (order == ANYGATE_ORDER_DRAIN)
		return match_word("keyword", arg, drain_words, ARRAY_SIZE(drain_words), e);
	return match_word("keyword", arg, words, order == ANYGATE_ORDER_PIN ? 2 : 1, e);
}

/**
 * parse_order_args() - parse the arguments of an order
 * @argc: number of arguments
 * @argv: PREFIX|NAME [for TIME] [force], or for a drain
 *	PREFIX|NAME [for TIME] [wait [for TIME]]
 * @verb: the verb, for messages
 * @order: ANYGATE_ORDER_*
 * @o: result
 * @e: what is wrong with them
 *
 * Return: 0 or -1
 */
int parse_order_args(int argc, char **argv, const char *verb, uint32_t order,
		     struct order_args *o, struct err *e)
{
	char text[PREFIX_TEXT];
	int i, word;

	memset(o, 0, sizeof(*o));
	o->order = order;
	if (parse_first_arg(argc, argv, verb, &o->gate, e))
		return -1;
	if (!may_end(order) && argc > 1)
		return err_set(e, "%s: \"%s\" is too much; %s takes one prefix or name", verb,
			       argv[1], verb);
	for (i = 1; i < argc; i++) {
		word = parse_order_word(order, argv[i], e);
		if (word < 0)
			return -1;
		if (word && order == ANYGATE_ORDER_DRAIN && o->wait)
			return err_set(e, "wait is given twice");
		if (word && order == ANYGATE_ORDER_DRAIN)
			o->wait = true;
		else if (word)
			o->force = true;
		else if (parse_for(verb, ++i < argc ? argv[i] : NULL, o, e))
			return -1;
	}
	if (order == ANYGATE_ORDER_PIN && !o->ms && !o->force)
		return err_set(e, "pin %s: without an end it would be announced for good, whatever becomes of its services; give for TIME, or force if this is meant",
			       gate_ref_text(&o->gate, text));
	return 0;
}

/**
 * parse_lease_args() - parse the arguments of lease
 * @argc: number of arguments
 * @argv: PREFIX|NAME LEASE up|down ttl TIME
 * @l: result
 * @e: what is wrong with them
 *
 * Return: 0 or -1
 */
int parse_lease_args(int argc, char **argv, struct lease_args *l, struct err *e)
{
	static const char *const verdicts[] = { "up", "down" }, *const keywords[] = { "ttl" };
	struct err ignored;
	int verdict;

	memset(l, 0, sizeof(*l));
	if (parse_first_arg(argc, argv, "lease", &l->gate, e))
		return -1;
	if (argc < 2)
		return err_set(e, "lease %s: the name of the lease is missing; say for example lease %s zone up ttl 30s",
			       argv[0], argv[0]);
	l->name = argv[1];
	if (parse_name("lease", argv[1], e))
		return -1;
	if (argc < 3)
		return err_set(e, "lease %s: the verdict is missing; say up or down", argv[1]);
	verdict = match_word("verdict", argv[2], verdicts, ARRAY_SIZE(verdicts), e);
	if (verdict < 0)
		return -1;
	l->verdict = verdict ? ANYGATE_VERDICT_DOWN : ANYGATE_VERDICT_UP;
	if (argc < 5 || match_word("keyword", argv[3], keywords, 1, &ignored) < 0)
		return err_set(e, "lease %s %s: the time to live is missing; say for example ttl 30s: the verdict is good for that long",
			       argv[1], argv[2]);
	l->ttl_said = argv[4];
	if (parse_time("ttl", argv[4], 0, TIME_MAX, &l->ttl, e))
		return -1;
	if (!l->ttl)
		return err_set(e, "ttl %s: a time from 1ms to 49d is needed; a lease runs out at once otherwise",
			       argv[4]);
	if (argc > 5)
		return err_set(e, "lease: \"%s\" is too much", argv[5]);
	return 0;
}
