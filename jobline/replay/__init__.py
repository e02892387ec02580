"""`jobline replay`: a job run again in this process, from its recorded input, with nothing recorded of it."""
