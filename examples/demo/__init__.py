"""`python -m examples.demo`: a few hundred real jobs on one machine, watched from submission to outcome."""
