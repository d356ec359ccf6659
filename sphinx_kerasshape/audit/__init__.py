"""Audits: documents that were not written for this extension, and what TensorFlow says about them."""
