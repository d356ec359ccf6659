"""Small models, each made by a function with typed arguments."""
