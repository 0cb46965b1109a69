"""roamrc: npm's proxy settings follow the laptop. When anything stirs, look at the network once, decide with a trail, draft the
edits, write them whole.

The straight line, one way:

    kernel, files, clock  →  wake("why")                      sources/        when to look, never what is true
    observe(system)       →  Network                          probes/         what is true; unreadable is Hidden(why), not absent
    decide(network, …)    →  Decision with its trail          rules/match.py  pure
    fetch(reference)      →  Login                            children/       only when the decision needs one
    draft(file, wanted)   →  FilePlan                         rules/plan.py   pure; an empty plan writes nothing
    commit(plan)          →  intent, file whole, outcome      apply.py        compare, replace, look back

`look.py` does the first half, `reconcile.py` the second, `act.py` joins them for the commands, `daemon/agent.py` for whatever
stirs.

Floors, held by tests/test_floors.py:

    0  model, errors, slotted
    1  rules/, formats/, targets/, show, folders, and the tables of reading/: pure, no os, socket, subprocess, time, yaml
    2  the edges: system, atomic, exchange, lease, owner, places, reading/, memory/, children/, probes/, sources/, services/
    3  look, reconcile, lending, apply, act, journal; daemon/, setup/, doctor/, demo
    4  cli, commands/, terminal/

Where to add what:

- a fact of the network: a probe in probes/, its meaning in model.Network, its comparison in rules/checks.py
- another platform: probes/NAME.py and sources/NAME.py, and one line in each __init__.py
- another program to configure: targets/NAME.py and one line in targets/__init__.py; .github/CONTRIBUTING.md says what else
- a command: commands/NAME.py and one line in cli.COMMANDS, then `python -m roamrc.terminal.share` for man page and completion
- a check of doctor's: a function of the module it is about, and one line in doctor.CHECKS (what only doctor looks at: doctor/)
- a key of a profile: one line in reading/fields.py, from which check, the schema and the documentation follow

Where this leaves the first design: own addresses come from RTM_GETADDR and not from psutil (it tells tentative addresses apart,
and saves an idle agent 4 MB; psutil serves the portable reader); carrier losses are read from the kernel's own counter, so that
a link that went and came between two looks is still another link; a login waits for the same quiet as a fallback, because right
after a move the old suffix, address and route still stand for some milliseconds. On Linux the inotify that follows npm's file and
resolv.conf follows the profiles as well, and watchdog serves macOS: its threads, and the modules that came with it, were 4.4 MB
of an idle agent's 23. Values are `slotted`, not dataclasses: 1.1 MB and a third of `use`. While somebody has npm's file open for
writing nothing is renamed (`lease`), so that the old inode is looked back at only where there are no leases. A login outlives the
carrier where a Wi-Fi network has a key (`daemon/roaming`): it is one link from access point to access point. A roam's passing
states are looked at and not carried out where they ask nothing of the files (`daemon/passing`), and what was drafted once is not
drafted again on the way back (`memory/past`): a quarter of the time from the event to the file.
"""

__version__ = "0.1.0"
