"""`python -m examples.crawler`: a site crawled level by level, by a workflow that goes on by itself as long as it finds links."""
