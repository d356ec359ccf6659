"""Named axes followed through a model: probes of its operations, and functions fitted to their sizes."""
