"""What roamrc remembers between looks: the state folder, the ledger of what is ours, the intent, the last status; and, as long as
an agent lives, what it saw and drafted of npm's file."""
