"""The nouns and the law: what a job is and which transitions it may take. Standard library only, no clock, no I/O."""
