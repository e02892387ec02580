"""Everything that leaves the process: the only importers of boto3, and the in-memory twins that behave alike."""
