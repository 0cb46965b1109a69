"""The commands: one module each, with a docstring that teaches, `arguments(parser)` where it takes any (and WORDS and PLAIN where
it mostly does without options: cli.plain), and `run(args) -> exit code`. Floor 4."""
