"""A quick cloud: DynamoDB and SQS on a loopback port, answered at once from memory, so that what is measured is the asker.

What it judges: that a message is received once until its visibility is over, and goes with a delete; that a put or an update whose
condition is made of comparisons, `attribute_exists`, `attribute_not_exists`, AND and OR is refused when it does not hold.
What it does not: signatures, sizes, limits, FIFO, dead letters, redrives, types of keys (they are strings), indexes (a query is answered
by nothing), time to live, any condition in other words (it is taken to hold). A table that nobody has created has Jobline's
keys, and a queue is there when it is first named: CloudFormation is not here. Who wants to know whether a protocol holds asks the
proof; this one is for time and for processor time.
"""
