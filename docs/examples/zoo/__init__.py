"""A small package of models, for the pages about models of one's own."""
