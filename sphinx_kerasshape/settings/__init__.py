"""The settings of ``conf.py``: declared once, read and checked once a build."""
