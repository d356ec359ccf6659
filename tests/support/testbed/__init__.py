"""The test bed of the reader: models of every kind, and what plain TensorFlow says of them."""
