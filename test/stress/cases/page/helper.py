"""Beside the tests, as a library is."""

ANSWER = 42
