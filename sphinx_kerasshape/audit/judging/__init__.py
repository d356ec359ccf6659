"""Statements held against what TensorFlow says."""
