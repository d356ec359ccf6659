"""The worker: the program that imports TensorFlow, runs models and reads them.

Nobody imports it: :mod:`sphinx_kerasshape.run` starts ``worker/__main__.py``, perhaps under another
interpreter. Besides ``messages``, ``axes``, ``text`` and ``files`` it needs the standard library only.
"""
