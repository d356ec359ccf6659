"""What statements of a document bind, change and use, found from the syntax tree alone."""
