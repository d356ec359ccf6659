"""The worker: the only code of this project that imports TensorFlow.

Nobody imports it: :mod:`sphinx_kerasshape.process` starts ``worker/__main__.py`` as a
program of its own, perhaps under another interpreter. Besides :mod:`..messages` it
needs the standard library only.
"""
