"""Processor time of Jobline's own code a job, and nothing else: before an endpoint that answers at once, in a process of its own."""
