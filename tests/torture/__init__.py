"""Nothing lost: the agent killed, starved, raced and fed with rubbish; short for every run of the tests, long by one command.

    python -m torture            (in tests/) the short form, with its table
    python -m torture --long     5,000 crash points, 200,000 files, 10,000 races, 100,000 roams, 10,000 in the lab; two hours

tracer.py     a child under ptrace: counted, killed or refused at any system call
desk.py       a home with profiles, a file of npm's in every form, networks handed in
crash.py      killed at every system call, and what must hold after it; the order that a power loss needs
refuse.py     ENOSPC, EIO … at every call: a sentence, and the next run puts it right
differ.py     generated files and profiles, read by npm's own ini before and after
walks.py      profiles, commands and uninstalls at random, and all goes back
races.py      others who write the same file at the same time
soak.py       a year of roams: memory, descriptors, log and state stand still
wander.py     the same with the real agent and dhclient in the lab
floods.py     more events than anybody should look at
rubbish.py    state files that no roamrc wrote
mistakes.py   profiles and settings as people get them wrong
strangers.py  text and folders of people who mean harm
"""
