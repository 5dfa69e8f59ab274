"""Go on a small board: random games to their end, and the first move that wins most of them."""

import random

LOOPS = 2
EXPECTED = [2, 0, 4]

SIZE = 7
POINTS = SIZE * SIZE
EMPTY, BLACK, WHITE = 0, 1, 2
KOMI = 5.5


def neighbours_of(point):
    y, x = divmod(point, SIZE)
    near = []
    if x > 0:
        near.append(point - 1)
    if x < SIZE - 1:
        near.append(point + 1)
    if y > 0:
        near.append(point - SIZE)
    if y < SIZE - 1:
        near.append(point + SIZE)
    return near


NEAR = [neighbours_of(point) for point in range(POINTS)]


class Board:
    def __init__(self):
        self.stones = [EMPTY] * POINTS
        self.empty = set(range(POINTS))
        self.ko = None

    def copy(self):
        other = Board()
        other.stones = self.stones[:]
        other.empty = set(self.empty)
        other.ko = self.ko
        return other

    def group(self, start):
        """The stones that are connected with one, and whether they have a liberty."""
        stones = self.stones
        color = stones[start]
        seen = {start}
        todo = [start]
        free = False
        while todo:
            for near in NEAR[todo.pop()]:
                if stones[near] == EMPTY:
                    free = True
                elif stones[near] == color and near not in seen:
                    seen.add(near)
                    todo.append(near)
        return seen, free

    def play(self, point, color):
        """Puts a stone, unless the rules forbid it. True if it is there."""
        stones = self.stones
        if stones[point] != EMPTY or point == self.ko:
            return False
        stones[point] = color
        taken = []
        for near in NEAR[point]:
            if stones[near] == 3 - color:
                group, free = self.group(near)
                if not free:
                    for stone in group:
                        stones[stone] = EMPTY
                    taken.extend(group)
        if not taken and not self.group(point)[1]:
            stones[point] = EMPTY
            return False
        self.empty.discard(point)
        self.empty.update(taken)
        self.ko = taken[0] if len(taken) == 1 else None
        return True

    def is_eye(self, point, color):
        return all(self.stones[near] == color for near in NEAR[point])

    def score(self):
        """Black's points less White's."""
        total = -KOMI
        for point, stone in enumerate(self.stones):
            if stone == EMPTY:
                owners = {self.stones[near] for near in NEAR[point]}
                stone = owners.pop() if len(owners) == 1 else EMPTY
            total += (stone == BLACK) - (stone == WHITE)
        return total


def playout(board, color, choose):
    passes = moves = 0
    while passes < 2 and moves < 3 * POINTS:
        candidates = sorted(board.empty)
        choose.shuffle(candidates)
        for point in candidates:
            if not board.is_eye(point, color) and board.play(point, color):
                passes = 0
                break
        else:
            passes += 1
            board.ko = None
        color = 3 - color
        moves += 1
    return board.score() > 0


def run(loops):
    for _ in range(loops):
        choose = random.Random(7)
        wins = {}
        for first in (POINTS // 2, SIZE + 1, 0):
            board = Board()
            board.play(first, BLACK)
            wins[first] = sum(playout(board.copy(), WHITE, choose) for _ in range(6))
        value = [wins[first] for first in sorted(wins)]
    return value
