"""A program without tests: its threads share what it imports, and nothing else."""
import sys
import threading

names = [__name__]
for _ in range(200):
    names.append(__name__)
assert names == ["__main__"] * 201
assert "--secret" not in sys.argv
sys.exit(0)
