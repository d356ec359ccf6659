"""The frozen values that cross a border, between phases, processes and builds, and how they become JSON.

Standard library only: the worker imports this room under an interpreter that may have nothing else.
"""
