"""True values into documents, in the notation in which they stand."""
