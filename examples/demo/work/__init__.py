"""The work itself, as plain functions: nothing in here knows that it is run by a job."""
