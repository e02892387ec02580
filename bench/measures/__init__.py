"""Three measures that the race does not take: the API beside a bare route, enqueueing beside raw calls, and a consumer's memory over many jobs."""
