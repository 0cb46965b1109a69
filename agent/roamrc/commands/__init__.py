"""The commands: one module each, with a docstring that teaches, `arguments(parser)` where it takes any, and `run(args) -> exit
code`. Floor 4."""
