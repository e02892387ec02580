"""`python -m examples.sales`: a large table added up piece by piece in child processes, merged, drawn and mailed, by one workflow."""
