"""What roamrc remembers between looks: the state folder, the ledger of what is ours, the intent, the last status."""
