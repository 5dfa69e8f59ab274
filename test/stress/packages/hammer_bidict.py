"""bidict: its documentation asks for a lock where several threads change one bidict."""

import threading

from bidict import bidict


class HammerBidictWithoutLock:
    """Documented as not thread-safe."""

    def setup(self):
        return bidict()

    def op(self, both, index):
        for i in range(15):
            both.forceput(i % 4, (index + i) % 5)

    def check(self, both):
        assert dict(both.inverse) == {value: key for key, value in both.items()}, f"{dict(both)} but {dict(both.inverse)}"


class HammerBidictInALock(HammerBidictWithoutLock):
    def setup(self):
        self.lock = threading.Lock()
        return super().setup()

    def op(self, both, index):
        for i in range(15):
            with self.lock:
                both.forceput(i % 4, (index + i) % 5)


class HammerReaders:
    def setup(self):
        return bidict({i: str(i) for i in range(20)})

    def op(self, both, index):
        for i in range(40):
            assert both.inverse[both[i % 20]] == i % 20


class HammerInverseOfInverse:
    """The inverse is made when it is first asked for, and kept by a weak reference."""

    def setup(self):
        return [bidict({i: str(i)}) for i in range(10)]

    def op(self, many, index):
        for both in many:
            inverse = both.inverse
            assert inverse.inverse is both
