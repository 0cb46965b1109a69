"""Nothing lost: the agent killed, starved, raced and fed with rubbish; short for every run of the tests, long by one command.

    python -m torture            (in tests/) the short form, with its table
    python -m torture --long     5,000 crash points, 200,000 files, 10,000 races, 100,000 roams; about half an hour on two cores

tracer.py     a child under ptrace: counted, killed or refused at any system call
desk.py       a home with profiles, a file of npm's in every form, networks handed in
crash.py      killed at every system call, and what must hold after it; the order that a power loss needs
refuse.py     ENOSPC, EIO … at every call: a sentence, and the next run puts it right
differ.py     generated files and profiles, read by npm's own ini before and after
races.py      others who write the same file at the same time
soak.py       a year of roams: memory, descriptors, log and state stand still
rubbish.py    state files that no roamrc wrote
strangers.py  text and folders of people who mean harm
"""
