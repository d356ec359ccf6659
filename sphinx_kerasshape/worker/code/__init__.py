"""The author's code: running it, finding its model, loading saved models, reporting its exceptions."""
