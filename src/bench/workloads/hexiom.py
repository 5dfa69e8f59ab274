"""Hexiom: numbered tiles on a hexagonal board, each with as many neighbours as its number says. Searched exactly."""

LOOPS = 1
EXPECTED = [21820, 2]

SIDE = 3
# How many tiles there are of each number. The cells that are left stay empty.
TILES = {1: 2, 2: 4, 3: 4, 4: 2}


def board_of(side):
    cells = [(q, r) for q in range(1 - side, side) for r in range(1 - side, side) if abs(q + r) < side]
    index = {cell: i for i, cell in enumerate(cells)}
    steps = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))
    return [[index[q + a, r + b] for a, b in steps if (q + a, r + b) in index] for q, r in cells]


class Solver:
    def __init__(self, side, tiles):
        self.near = board_of(side)
        self.size = len(self.near)
        self.left = dict(tiles)
        self.empty = self.size - sum(tiles.values())
        self.cells = [None] * self.size
        self.nodes = 0
        self.solutions = 0

    def possible(self, cell):
        """Whether a cell's number can still come true."""
        number = self.cells[cell]
        if not number:
            return True
        tiles = unknown = 0
        for near in self.near[cell]:
            other = self.cells[near]
            if other is None:
                unknown += 1
            elif other:
                tiles += 1
        return tiles <= number <= tiles + unknown

    def fits(self, cell):
        return self.possible(cell) and all(self.possible(near) for near in self.near[cell] if self.cells[near] is not None)

    def search(self, cell, limit):
        self.nodes += 1
        if cell == self.size:
            self.solutions += 1
            return
        for number in (0, *self.left):
            if self.solutions >= limit:
                break
            if number == 0:
                if self.empty == 0:
                    continue
                self.empty -= 1
            elif self.left[number] == 0:
                continue
            else:
                self.left[number] -= 1
            self.cells[cell] = number
            if self.fits(cell):
                self.search(cell + 1, limit)
            self.cells[cell] = None
            if number == 0:
                self.empty += 1
            else:
                self.left[number] += 1


def run(loops):
    for _ in range(loops):
        solver = Solver(SIDE, TILES)
        solver.search(0, 2)
        value = [solver.nodes, solver.solutions]
    return value
