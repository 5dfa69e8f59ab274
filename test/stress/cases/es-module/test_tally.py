from tally import LockedTally, Tally

plain = Tally()
locked = LockedTally()


def test_reads_and_writes():
    for _ in range(50):
        before = plain.count
        plain.count = before + 1
        assert plain.count == before + 1


def test_adds():
    for _ in range(50):
        before = locked.count
        locked.add()
        assert locked.count > before
