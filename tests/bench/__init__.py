"""roamrc measured beside what people would use instead. From a checkout, as root (the lab needs namespaces):

    .venv/bin/python tests/bench                 everything but the minutes that npm waits for dropped packets: 30 minutes
    .venv/bin/python tests/bench --quick         five minutes: fewer runs, fewer rivals
    .venv/bin/python tests/bench --long          also npm's own 475 s, and ten idle minutes
    .venv/bin/python tests/bench --idle 600      so many idle seconds
    .venv/bin/python tests/bench --only roam     one part: roam, damage, idle, commands, growth, feel
    .venv/bin/python tests/bench --from FILE     tables and charts of a JSON file that is there already

Prints tables, writes bench.json and one SVG a chart into --out (default: build/bench). All rivals of a part in one run, by
turns; medians with the middle eight tenths; the machine's load before and after each part stands in the JSON. Nothing here is a
test: what must hold is held by counts in tests/test_budget.py, which no slow machine can blur.

roam.py      event to file, in the lab         stopwatch.py   makes the change on the laptop, watches npm's file by inotify
damage.py    what is left of the user's file   rivals/        what people use instead, and the floor
idle.py      wake-ups, time, threads, memory   proc.py        what /proc says
commands.py  the command line                  growth.py      many profiles, long files, many interfaces
feel.py      seconds that a user waits         figures.py, chart.py, report.py   numbers, SVG, tables and verdicts
"""
