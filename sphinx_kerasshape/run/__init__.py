"""The run phase: answers requests from the lock, from the cache or by a worker process."""
