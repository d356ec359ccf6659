"""Pages as data: records, the domain that keeps them, placeholders in doctrees, positions in files."""
