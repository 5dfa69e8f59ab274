"""pyrsistent: immutable structures, which threads may share; and types that it makes when they are first asked for."""

import pickle

from pyrsistent import PRecord, field, m, pmap, pvector, pvector_field, v


class HammerVectors:
    def setup(self):
        return pvector(range(100))

    def op(self, vector, index):
        for i in range(5):
            changed = vector.set(i * 17, -1).append(index)
            assert changed[i * 17] == -1 and changed[-1] == index and len(changed) == 101
            assert vector[i * 17] == i * 17 and len(vector) == 100


class HammerMaps:
    """Also the hash, which is kept once it is known."""

    def setup(self):
        self.hashes = set()
        return pmap({i: str(i) for i in range(30)})

    def op(self, mapping, index):
        self.hashes.add(hash(mapping))
        for i in range(5):
            assert mapping.set(i, "x")[i] == "x" and mapping.remove(i).get(i) is None
        assert mapping == {i: str(i) for i in range(30)}

    def check(self, mapping):
        assert len(self.hashes) == 1


class HammerRecords:
    def setup(self):
        class Point(PRecord):
            x = field(type=int)
            y = field(type=int)

        return Point(x=1, y=2)

    def op(self, point, index):
        for i in range(5):
            assert point.set(x=index).x == index and point.x == 1


class HammerFieldTypes:
    """Each type of items has one type of vectors: pickles name it by its items' type."""

    def setup(self):
        self.types = []
        return [type(f"Item{i}", (), {}) for i in range(5)]

    def op(self, items, index):
        for item in items:
            self.types.append(tuple(pvector_field(item).type))

    def check(self, items):
        assert len(set(self.types)) == len(items), f"{len(set(self.types))} types of vectors for {len(items)} types of items"


class HammerOneEvolver:
    """An evolver is what changes: it is made for one thread."""

    def setup(self):
        return pvector().evolver()

    def op(self, evolver, index):
        for i in range(10):
            evolver.append(i)

    def check(self, evolver):
        assert len(evolver.persistent()) % 10 == 0, f"{len(evolver.persistent())} items"
