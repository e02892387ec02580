"""A cold start of each function, from its zip, against a bare boto3 handler that makes the same clients: `make cold-start`.

Both are whole processes: a new interpreter, without the development environment, up to the point at which the first event could be
worked on. `room` lays out what Lambda would have, `start` is one timed start, `figures` compares many.
"""
