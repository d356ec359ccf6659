"""The worker's processes: forking them, limiting them, and ending all that code has started."""
