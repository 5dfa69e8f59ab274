"""Bugs that `weft stress` has to find: a check and an act that others get between, two locks in two orders, a
wake-up that nobody waits for yet, an OrderedDict without a lock. And the same without the bugs, where it must find nothing."""

import collections
import threading


class HammerCheckThenAct:
    """Every key is made once: but two threads can both see that it is missing."""

    def setup(self):
        return {"made": 0, "cache": {}}

    def op(self, state, index):
        for key in range(20):
            if key not in state["cache"]:
                state["made"] = state["made"] + 1
                state["cache"][key] = object()

    def check(self, state):
        assert state["made"] == 20, f"made {state['made']} values for 20 keys"


class HammerCheckThenActFixed(HammerCheckThenAct):
    lock = threading.Lock()

    def op(self, state, index):
        for key in range(20):
            with self.lock:
                if key not in state["cache"]:
                    state["made"] = state["made"] + 1
                    state["cache"][key] = object()


class HammerLockOrder:
    def setup(self):
        return threading.Lock(), threading.Lock()

    def op(self, state, index):
        first, second = state if index % 2 == 0 else state[::-1]
        for _ in range(20):
            with first:
                with second:
                    pass


class HammerLockOrderFixed(HammerLockOrder):
    def op(self, state, index):
        first, second = state
        for _ in range(20):
            with first, second:
                pass


class HammerLostWakeUp:
    """Who waits looks at the flag before it takes the condition's lock: the notification may come between."""

    def setup(self):
        return {"ready": False, "condition": threading.Condition()}

    def op(self, state, index):
        condition = state["condition"]
        if index == 0:
            state["ready"] = True
            with condition:
                condition.notify_all()
        elif not state["ready"]:
            with condition:
                condition.wait()


class HammerLostWakeUpFixed(HammerLostWakeUp):
    def op(self, state, index):
        condition = state["condition"]
        with condition:
            if index == 0:
                state["ready"] = True
                condition.notify_all()
            else:
                condition.wait_for(lambda: state["ready"])


class HammerOrderedDict:
    """Keeps the three keys that were used last, as a cache does, without a lock."""

    def setup(self):
        return collections.OrderedDict()

    def op(self, cache, index):
        for step in range(40):
            # The second use of each finds it.
            key = step // 2 % 8
            if key in cache:
                cache.move_to_end(key)
            else:
                cache[key] = index
            if len(cache) > 3:
                cache.popitem(last=False)


class HammerOrderedDictFixed(HammerOrderedDict):
    lock = threading.Lock()

    def op(self, cache, index):
        with self.lock:
            super().op(cache, index)
