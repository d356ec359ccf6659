"""A Keras model, read into a :class:`~sphinx_kerasshape.messages.report.Model`."""
