"""What the user writes, read: profiles and config.yaml, and the tables that say what may stand there; each fault in its place."""
