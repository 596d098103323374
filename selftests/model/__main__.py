#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A long random life of many gates, against a model of what they should do.

Sockets come and go by every way there is, gates are added, changed, ordered
about and removed, leases are reported and run out, an admin adds and removes
addresses behind the module's back, a namespace ends. After each step there is
quiet, and then the kernel's tables, "anygatectl show" and the model have to
agree.

    python3 model [STEPS [SEED]]    or STEPS= and SEED= in the environment

The same seed gives the same steps.
"""

import os
import sys
import time

from kernel import Mismatch
from life import Run


def main():
    argv = dict(enumerate(sys.argv))
    steps = int(argv.get(1) or os.environ.get("STEPS") or 150)
    seed = int(argv.get(2) or os.environ.get("SEED") or
               int.from_bytes(os.urandom(4), "little"))
    print("# SEED=%d STEPS=%d" % (seed, steps), flush=True)
    life, start = Run(seed), time.monotonic()
    seen = set()
    try:
        for _ in range(steps):
            life.check(life.step())
            for node in life.nodes:
                seen |= {(g.state, g.reason) for g in node.gates.values()}
        life.check(life.nodes)
        life.finish()
    except (Mismatch, OSError) as e:
        print("# after %d steps:" % len(life.log))
        for line in str(e).split("\n"):
            print("#   " + line)
        print("# the last of them:")
        for number, line in list(enumerate(life.log, 1))[-30:]:
            print("#   %d %s" % (number, line))
        print("# again: SEED=%d STEPS=%d" % (seed, len(life.log)))
        return 1
    finally:
        life.clean()
    print("# %d steps in %.1f s; seen: %s" % (
        len(life.log), time.monotonic() - start,
        ", ".join(sorted("%s/%s" % s for s in seen))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
