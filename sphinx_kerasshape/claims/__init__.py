"""Claims: what a page states about models, read, compared with TensorFlow's report, and restated."""
