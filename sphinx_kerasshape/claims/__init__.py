"""What a page states, held against what TensorFlow says: reading, judging and restating claims."""
