"""For the lane in a page: what passes, fails, hangs and breaks the interpreter there."""

import os
import sys
import threading

import helper


def test_aborts():
    os.abort()


def test_in_a_page():
    assert sys.platform == "emscripten"
    assert helper.ANSWER == 42
    for _ in range(50):
        threading.get_ident()


class HammerLockOrder:
    def setup(self):
        return threading.Lock(), threading.Lock()

    def op(self, state, index):
        first, second = state if index % 2 == 0 else state[::-1]
        for _ in range(20):
            with first:
                with second:
                    pass


class HammerTwice:
    def setup(self):
        return []

    def op(self, made, index):
        for key in range(20):
            if key not in made:
                made.append(key)

    def check(self, made):
        assert len(made) == 20, f"made {len(made)} for 20 keys"


def test_at_last():
    for _ in range(50):
        threading.get_ident()
