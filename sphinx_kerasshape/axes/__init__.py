"""Sizes as expressions of named axes, and the notation that authors write them in. Standard library only."""
