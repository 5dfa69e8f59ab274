"""A test that fails after another one, and two that fail together only."""

left = []
current = [None]


def use(name):
    for _ in range(200):
        current[0] = name
        assert current[0] == name


def test_left():
    use("left")


def test_leaves_something():
    left.append("something")


def test_right():
    use("right")


def test_wants_nothing_left():
    assert not left, f"there is {left[0]}"
