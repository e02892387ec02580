"""The command: `python -m proof.crashes --minutes 5 --processes 2`, `--plan "..."` to replay one plan, `--mutants` for the mutants."""

import argparse
import sys

from proof.crashes.account import account
from proof.crashes.many import CrashSum, in_order, many
from proof.crashes.matrix import HERE
from proof.crashes.plan import Plan, read_plan
from proof.crashes.run import run
from proof.crashes.scenarios import BY_NAME
from proof.crashes.trial import all_tried
from proof.crashes.watch import ARROWS
from proof.simulation.trial import told


def main() -> int:
    """What the arguments ask for. 0: no violation, every arrow of the lifecycle taken, every mutant caught."""
    parser = argparse.ArgumentParser(prog="python -m proof.crashes", description=__doc__)
    parser.add_argument("--minutes", type=float, help="try singles, then pairs, for so long")
    parser.add_argument("--plans", type=int, help="try so many plans")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--plan", help="replay this plan and print its trace")
    parser.add_argument("--mutants", action="store_true", help="try the mutants")
    found = parser.parse_args()
    if found.plan is not None:
        plan = read_plan(found.plan)
        if plan.scenario not in BY_NAME:
            parser.error(f"no scenario {plan.scenario!r}; there are {', '.join(BY_NAME)}")
        return _replay(plan)
    if found.mutants:
        return told(all_tried(processes=found.processes), "plans")
    minutes = 1.0 if found.minutes is None and found.plans is None else found.minutes
    return _told(many(minutes=minutes, plans=found.plans, processes=found.processes))


def _replay(plan: Plan) -> int:
    with account() as found:
        calm = run(Plan(scenario=plan.scenario), found)
        one = run(plan, found, calm=calm, traced=True)
    print("\n".join(one.trace))
    print(f"{plan}: {one.calls} calls, {len(one.points)} points, {one.violation or 'no violation'}")
    return int(one.violation is not None)


def _told(total: CrashSum) -> int:
    print("\n".join(in_order(total)))
    for fault, words in HERE.items():
        print(f"  {fault} {total.hits[fault]:>8} hits  {words}")
    missed = sorted(ARROWS - total.transitions)
    print(f"transitions taken: {len(ARROWS) - len(missed)}/{len(ARROWS)} {' '.join(missed)}".rstrip())
    for plan, words in total.failed:
        print(f"FAILED {plan}: {words}")
    if total.failed:
        print()
        _replay(read_plan(total.failed[0][0]))
        print(f"\n{read_plan(total.failed[0][0]).command}")
    return int(bool(total.failed or missed))


if __name__ == "__main__":
    sys.exit(main())
