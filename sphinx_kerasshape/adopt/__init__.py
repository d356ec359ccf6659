"""Directives and roles for documents that have none."""
