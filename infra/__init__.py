"""What Chalice does not own: queues, table, bucket, and the policies of the functions."""
