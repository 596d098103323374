// SPDX-License-Identifier: GPL-2.0
/*
 * What Documentation/states.md says of the decision, from the very code that
 * decides.  A filter: copies the document, and makes anew what stands between
 * <!-- begin NAME --> and <!-- end NAME -->.  What can't be made from code is
 * checked: the tables of reasons and differences have a row for each, and the
 * picture has the arrows that there are.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsm.h"
#include "names.h"

#define MS ANYGATE_NS_PER_MS
#define N_STATES (ANYGATE_STATE_KEPT + 1)
#define LONG ANYGATE_DELAY_MAX

static void die(const char *fmt, ...)
{
	va_list args;

	fputs("fsm_table: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* A gate, and the world as it sees it. */
struct walk {
	struct anygate_fsm fsm;
	struct anygate_fsm_conf conf;
	struct anygate_facts facts;
	__u64 now;
};

/* What is known of the services; of the last, that nobody else announces. */
enum services { UP, DOWN, ALONE, N_SERVICES };

static const char *const services_words[] = { "up", "down", "down, alone" };

/* What is known at a step, one cell of the table. */
struct cell {
	enum services services;
	enum anygate_order order;
	bool over;
	bool suppressed;
};

/* A delay of 0 is over at once, one of an hour is not in this program. */
static void step(struct walk *w, enum services services,
		 enum anygate_order order, bool over)
{
	w->now += MS;
	w->conf.up_ms = over ? 0 : LONG;
	w->conf.down_ms = over ? 0 : LONG;
	w->facts.up = services == UP;
	w->facts.alone = services == ALONE;
	w->facts.order = order;
	w->fsm = anygate_fsm_step(w->fsm, &w->conf, &w->facts, w->now);
}

static struct walk begin(void)
{
	struct walk w = {
		.conf.damp = {
			.on = true,
			.penalty = 1000,
			.suppress = 2000,
			.reuse = 750,
			.half_life_ms = 60000,
			.max_ms = 300000,
		},
		.facts.why = ANYGATE_REASON_NO_LISTENER,
		.facts.order_until = 1ULL << 60,
		.now = 1000 * MS,
	};

	return w;
}

/*
 * Each state the way a gate gets there; none is written down.  The services
 * flap until the prefix is suppressed: from there every state is in reach, and
 * with "undamp" it is so without suppression.
 */
static struct walk reach(enum anygate_state state, bool suppressed)
{
	const enum anygate_order follow = ANYGATE_ORDER_FOLLOW;
	struct walk w = begin();
	int i;

	w.fsm = anygate_fsm_start(&w.conf, &w.facts, w.now);
	for (i = 0; i < 3; i++) {
		step(&w, UP, follow, true);
		step(&w, DOWN, follow, true);
	}
	switch (state) {
	case ANYGATE_STATE_CLOSED:
		break;
	case ANYGATE_STATE_OPENING:
		step(&w, UP, follow, false);
		break;
	case ANYGATE_STATE_DAMPED:
		step(&w, UP, follow, true);
		break;
	case ANYGATE_STATE_OPEN:
	case ANYGATE_STATE_CLOSING:
	case ANYGATE_STATE_KEPT:
		/* Suppressed, and announced all the same: it was pinned. */
		step(&w, UP, ANYGATE_ORDER_PIN, true);
		step(&w, UP, follow, true);
		if (state == ANYGATE_STATE_CLOSING)
			step(&w, DOWN, follow, false);
		if (state == ANYGATE_STATE_KEPT)
			step(&w, ALONE, follow, true);
		break;
	case ANYGATE_STATE_DRAINED:
		step(&w, DOWN, ANYGATE_ORDER_DRAIN, true);
		break;
	case ANYGATE_STATE_PINNED:
		step(&w, DOWN, ANYGATE_ORDER_PIN, true);
		break;
	}
	if (!suppressed)
		w.fsm = anygate_fsm_undamp(w.fsm, w.now);
	if (w.fsm.state != state || w.fsm.damp.suppressed != suppressed)
		die("no way to reach %s%s", name_of(&state_names, state),
		    suppressed ? ", suppressed" : "");
	return w;
}

static struct walk outcome(enum anygate_state state, struct cell cell)
{
	struct walk w = reach(state, cell.suppressed);

	step(&w, cell.services, cell.order, cell.over);
	return w;
}

/* A new gate has no state before, and cannot be suppressed. */
static struct walk first(bool present, struct cell cell)
{
	struct walk w = begin();

	w.conf.up_ms = cell.over ? 0 : LONG;
	w.conf.down_ms = cell.over ? 0 : LONG;
	w.facts.up = cell.services == UP;
	w.facts.alone = cell.services == ALONE;
	w.facts.present = present;
	w.facts.order = cell.order;
	w.fsm = anygate_fsm_start(&w.conf, &w.facts, w.now);
	return w;
}

/* Text that grows, as a set of words or as it comes. */
struct text {
	char s[256];
};

__attribute__((format(printf, 2, 3)))
static void append(struct text *text, const char *fmt, ...)
{
	size_t len = strlen(text->s);
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(text->s + len, sizeof(text->s) - len, fmt, args) >=
	    (int)(sizeof(text->s) - len))
		die("a cell is too long: %s", text->s);
	va_end(args);
}

/* Is it one of the words of a set, and not a part of one? */
static bool has(const struct text *set, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = set->s; (p = strstr(p, word)); p++)
		if ((p == set->s || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ','))
			return true;
	return false;
}

static void include(struct text *set, const char *word)
{
	if (!has(set, word))
		append(set, "%s%s", *set->s ? ", " : "", word);
}

static struct text describe(const struct walk *w, bool was_wanted,
			    __u64 old_figure)
{
	bool want = anygate_fsm_want(&w->fsm);
	struct text text = { "" };

	append(&text, "`%s`", name_of(&state_names, w->fsm.state));
	if (want != was_wanted)
		append(&text, want ? " ↑" : " ↓");
	if (anygate_damp_figure(&w->fsm.damp, &w->conf.damp, w->now) >
	    old_figure)
		append(&text, " +P");
	return text;
}

static struct text describe_cell(enum anygate_state state, struct cell cell)
{
	struct walk before = reach(state, cell.suppressed);
	struct walk after = outcome(state, cell);

	return describe(&after, anygate_fsm_want(&before.fsm),
			anygate_damp_figure(&before.fsm.damp,
					    &before.conf.damp, after.now));
}

static struct text describe_first(bool present, struct cell cell)
{
	struct walk after = first(present, cell);

	return describe(&after, present, 0);
}

/* Drain and pin: whatever else is known, the outcome is the same, or listed. */
static struct text describe_order(int state, bool present,
				  enum services services, enum anygate_order order)
{
	struct text set = { "" };
	int i;

	for (i = 0; i < 4; i++) {
		struct cell cell = { services, order, i & 1, i & 2 };

		if (state >= 0)
			include(&set, describe_cell(state, cell).s);
		else if (!cell.suppressed)
			include(&set, describe_first(present, cell).s);
	}
	return set;
}

static void row(const char *label, int state, bool present,
		enum services services)
{
	int i;

	printf("| %s | %s ", label, services_words[services]);
	for (i = 0; i < 4; i++) {
		struct cell cell = { services, ANYGATE_ORDER_FOLLOW,
				     i & 1, i & 2 };

		if (state >= 0)
			printf("| %s ", describe_cell(state, cell).s);
		else
			printf("| %s ", cell.suppressed ? "" :
			       describe_first(present, cell).s);
	}
	printf("| %s ",
	       describe_order(state, present, services,
			      ANYGATE_ORDER_DRAIN).s);
	printf("| %s |\n",
	       describe_order(state, present, services, ANYGATE_ORDER_PIN).s);
}

/* What is not announced is not kept either, so that there is no row for it. */
static bool alone_matters(int state, bool present)
{
	struct walk w;
	int i;

	if (state < 0)
		return present;
	w = reach(state, false);
	if (anygate_fsm_want(&w.fsm))
		return true;
	for (i = 0; i < 12; i++) {
		struct cell alone = { ALONE, i / 4, i & 1, i & 2 }, down = alone;

		down.services = DOWN;
		if (strcmp(describe_cell(state, alone).s,
			   describe_cell(state, down).s))
			die("%s is not announced, and being alone matters",
			    name_of(&state_names, state));
	}
	return false;
}

static void rows(const char *label, int state, bool present)
{
	row(label, state, present, UP);
	row(label, state, present, DOWN);
	if (alone_matters(state, present))
		row(label, state, present, ALONE);
}

static void make_cells(void)
{
	char label[32];
	int state;

	puts("| before | services | delay runs | delay over | delay runs, suppressed | delay over, suppressed | `drain` | `pin` |\n"
	     "|---|---|---|---|---|---|---|---|");
	rows("(new, not announced)", -1, false);
	rows("(new, announced)", -1, true);
	for (state = 0; state < N_STATES; state++) {
		snprintf(label, sizeof(label), "`%s`",
			 name_of(&state_names, state));
		rows(label, state, false);
	}
}

static const char *deadline_words(const struct walk *w)
{
	const struct anygate_fsm *fsm = &w->fsm;

	if (fsm->deadline == ANYGATE_NEVER)
		return "never";
	if (fsm->deadline == w->facts.order_until)
		return "when the order's time is over";
	if (fsm->up && fsm->deadline == fsm->up_since + w->conf.up_ms * MS)
		return "when `up` is over";
	if (!fsm->up && fsm->deadline == fsm->fall_since + w->conf.down_ms * MS)
		return "when `down` is over";
	if (fsm->deadline == anygate_damp_release(&fsm->damp, &w->conf.damp,
						  w->now))
		return "when the figure is below `reuse`";
	die("%s has a deadline that nothing explains",
	    name_of(&state_names, fsm->state));
	return NULL;
}

static void make_states(void)
{
	static const enum anygate_reason whys[] = {
		ANYGATE_REASON_NO_LISTENER,
		ANYGATE_REASON_LEASE_MISSING,
		ANYGATE_REASON_LEASE_DOWN,
		ANYGATE_REASON_LEASE_EXPIRED,
		ANYGATE_REASON_STALLED,
		ANYGATE_REASON_DYING,
	};
	struct text reasons[N_STATES] = { 0 }, ends[N_STATES] = { 0 };
	const char *wanted[N_STATES] = { 0 };
	int from, i;

	for (from = 0; from < N_STATES; from++)
		for (i = 0; i < 36 * (int)(sizeof(whys) / sizeof(*whys)); i++) {
			struct walk w = reach(from, i & 1);
			struct text reason = { "" };
			const char *want;
			int state;

			w.facts.why = whys[i / 36];
			step(&w, i / 12 % 3, i / 4 % 3, i & 2);
			state = w.fsm.state;
			want = anygate_fsm_want(&w.fsm) ? "yes" : "no";
			if (wanted[state] && wanted[state] != want)
				die("%s is announced at times",
				    name_of(&state_names, state));
			wanted[state] = want;
			append(&reason, "`%s`",
			       name_of(&reason_names, w.fsm.reason));
			include(&reasons[state], reason.s);
			include(&ends[state], deadline_words(&w));
		}
	puts("| state | reasons | announced | ends by itself |\n"
	     "|---|---|---|---|");
	for (i = 0; i < N_STATES; i++)
		printf("| `%s` | %s | %s | %s |\n", name_of(&state_names, i),
		       reasons[i].s, wanted[i], ends[i].s);
}

static const char picture[] =
"                up           \"up\" over\n"
"    closed ----------> opening ----------> open <--------+\n"
"     ^ ^ ^     down      | |                 | ^         |\n"
"     | | +---------------+ | \"up\" over,      | |         |\n"
"     | |                   | suppressed  down| |up       | below \"reuse\"\n"
"     | |       down        v                 | |         |\n"
"     | +---------------- damped -------------|-|---------+\n"
"     |                                       | |\n"
"     |               \"down\" over             v |\n"
"     +------------------------------------ closing <------+\n"
"                                             |            | another path\n"
"                          \"down\" over, alone +---------> kept\n"
"                                                          | up\n"
"                                                          +-----> open\n"
"\n"
"    any state ---- drain ----> drained ---- end of it ----> closed, opening,\n"
"                                                            damped or open\n"
"    any state ----- pin -----> pinned ----- end of it ----> closed, closing,\n"
"                                                            kept or open\n";

#define ARROW(a, b) [ANYGATE_STATE_##a][ANYGATE_STATE_##b] = true

/* The arrows of the picture; drained and pinned are reached from anywhere. */
static const bool arrows[N_STATES][N_STATES] = {
	ARROW(CLOSED, OPENING),
	ARROW(OPENING, CLOSED),
	ARROW(OPENING, OPEN),
	ARROW(OPENING, DAMPED),
	ARROW(OPEN, CLOSING),
	ARROW(CLOSING, OPEN),
	ARROW(CLOSING, CLOSED),
	ARROW(CLOSING, KEPT),
	ARROW(KEPT, OPEN),
	ARROW(KEPT, CLOSING),
	ARROW(DAMPED, CLOSED),
	ARROW(DAMPED, OPEN),
	ARROW(DRAINED, CLOSED),
	ARROW(DRAINED, OPENING),
	ARROW(DRAINED, DAMPED),
	ARROW(DRAINED, OPEN),
	ARROW(PINNED, CLOSED),
	ARROW(PINNED, CLOSING),
	ARROW(PINNED, KEPT),
	ARROW(PINNED, OPEN),
};

/*
 * Can this be, one thing at a time and with delays that take time?  One that
 * begins with this very step is not over, and one that has been waited for
 * does not run again.
 */
static bool plausible(enum anygate_state state, struct cell cell)
{
	switch (state) {
	case ANYGATE_STATE_CLOSED:
		return !cell.over || cell.services != UP;
	case ANYGATE_STATE_OPEN:
		return !cell.over || cell.services == UP;
	case ANYGATE_STATE_KEPT:
		return !cell.over || cell.services != DOWN;
	case ANYGATE_STATE_DAMPED:
		return cell.over == (cell.services == UP);
	default:
		return true;
	}
}

static void make_picture(void)
{
	bool found[N_STATES][N_STATES] = { 0 };
	int from, to, i;

	for (from = 0; from < N_STATES; from++)
		for (i = 0; i < 4 * N_SERVICES; i++) {
			struct cell cell = { i / 4, ANYGATE_ORDER_FOLLOW,
					     i & 1, i & 2 };
			struct walk w;

			if (!plausible(from, cell))
				continue;
			w = outcome(from, cell);
			if ((int)w.fsm.state != from)
				found[from][w.fsm.state] = true;
		}
	for (from = 0; from < N_STATES; from++)
		for (to = 0; to < N_STATES; to++)
			if (found[from][to] != arrows[from][to])
				die("the picture has %s arrow from %s to %s",
				    arrows[from][to] ? "an" : "no",
				    name_of(&state_names, from),
				    name_of(&state_names, to));
	fputs(picture, stdout);
}

/* A table that is written by hand has a row for each, in their order. */
static void check_row(const struct names *names, unsigned int *n,
		      const char *line)
{
	const char *name;

	if (strncmp(line, "| `", 3))
		return;
	name = name_of(names, *n);
	if (*n >= names->n || strncmp(line + 3, name, strlen(name)) ||
	    line[3 + strlen(name)] != '`')
		die("not the row of the %s \"%s\": %s", names->what,
		    *n < names->n ? name : "(none left)", line);
	++*n;
}

static const struct {
	const char *name;
	void (*make)(void);
	const struct names *check;
} parts[] = {
	{ "picture", make_picture, NULL },
	{ "states", make_states, NULL },
	{ "cells", make_cells, NULL },
	{ "reasons", NULL, &reason_names },
	{ "differences", NULL, &difference_names },
};

#define N_PARTS (int)(sizeof(parts) / sizeof(parts[0]))

static bool is_marker(const char *line, const char *what, const char *name)
{
	char marker[64];

	snprintf(marker, sizeof(marker), "<!-- %s %s -->\n", what, name);
	return !strcmp(line, marker);
}

int main(void)
{
	int part = -1, i, done = 0;
	unsigned int n_rows = 0;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		if (part < 0) {
			fputs(line, stdout);
			for (i = 0; i < N_PARTS; i++)
				if (is_marker(line, "begin", parts[i].name))
					break;
			if (i == N_PARTS)
				continue;
			part = i;
			n_rows = 0;
			if (parts[part].make) {
				puts("");
				parts[part].make();
				puts("");
			}
			continue;
		}
		if (is_marker(line, "end", parts[part].name)) {
			if (parts[part].check &&
			    n_rows != parts[part].check->n)
				die("a row is missing: %s",
				    name_of(parts[part].check, n_rows));
			fputs(line, stdout);
			done |= 1 << part;
			part = -1;
		} else if (parts[part].check) {
			check_row(parts[part].check, &n_rows, line);
			fputs(line, stdout);
		}
	}
	free(line);
	for (i = 0; i < N_PARTS; i++)
		if (!(done & 1 << i))
			die("the document lacks the markers of \"%s\"",
			    parts[i].name);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write");
	return 0;
}
