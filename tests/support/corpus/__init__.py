"""Documents about models, as authors of books, courses and notebooks write them; true or false.

A story (``stories/*.md``) is told in several formats. It has markers, such as ``{{shape x}}``, for what it
states; a plain run of TensorFlow says what is true there.
"""
