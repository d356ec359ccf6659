"""Sizes as expressions of named axes, and the notation in which authors write them. Standard library only."""
