"""Answers of earlier builds: the cache, the lock, and what each page of an output folder shows."""
