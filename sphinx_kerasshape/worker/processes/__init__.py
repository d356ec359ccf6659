"""Processes of the worker: forking, limits, deadlines, and ending all that code has started."""
