"""A job's log lines, wherever its functions log to: in the files of `jobline up`, or in CloudWatch."""
