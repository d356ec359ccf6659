"""Reading a Keras model into a :class:`~sphinx_kerasshape.messages.report.Model`."""
