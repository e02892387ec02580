"""`make bench`: Jobline and its peers side by side, on one emulator, with the same work."""
