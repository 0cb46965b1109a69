"""The agent and what keeps it alive: sources watched, errands run, requests taken, an upgrade noticed. Floor 3."""
