"""The `jobline` command: what a person types. Thin: everything it does, another program can do without it."""
