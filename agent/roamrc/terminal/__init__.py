"""What the command line shares: printing, handing over to the agent, completion, the manual page. Floor 4."""
