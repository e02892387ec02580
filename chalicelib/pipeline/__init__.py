"""The verbs: accept, execute, cancel, redrive, sweep, one file each, and the ports that they need."""
