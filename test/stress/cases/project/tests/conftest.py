import threading

import pytest

made = []


@pytest.fixture
def own(tmp_path):
    """Each thread has its own, and sets it up and tears it down itself."""
    thread = threading.get_ident()
    yield {"thread": thread, "path": tmp_path}
    assert thread == threading.get_ident()


@pytest.fixture(scope="module")
def shared():
    made.append(1)
    yield made
    made.clear()


def pytest_collection_modifyitems(items):
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="is slow"))
