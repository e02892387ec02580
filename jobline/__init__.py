"""What a person or another program holds: the `jobline` command, the local stack. Never shipped to Lambda."""

__version__ = "0.1.0"
