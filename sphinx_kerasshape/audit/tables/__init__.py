"""Printed summaries: text into rows and cells, each with its place."""
