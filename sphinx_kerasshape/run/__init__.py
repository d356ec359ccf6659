"""The run phase: requests in, results out, from the lock, the cache or a worker process."""
