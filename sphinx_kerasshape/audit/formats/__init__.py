"""Readers of the formats of documents: bytes and text into pieces."""
