"""The read phase: directives and roles turn text into requests, claims and placeholders. Nothing runs."""
