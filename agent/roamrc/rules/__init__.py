"""Rules without an operating system: which profile holds, whose key it is, how soon to look. Floor 1, pure."""
