"""Runs one of CPython's test files in the variant `counting` and writes what was counted (src/profile counts branches in the same files):

    weft run --mount FOLDER:/counts count.py test_list /counts/test_list.json
    weft run count.py --list            the test files, which are those of CPython's own profile
"""

import json
import os
import sys
import unittest

# Of what the build compiles by the counts these tests use little, or for long.
OTHER = {"test_bz2", "test_decimal", "test_hashlib", "test_lzma", "test_sqlite3", "test_statistics", "test_time", "test_xml_etree"}


def run_tests(name):
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    return unittest.TextTestRunner(verbosity=0, buffer=True).run(suite)


def main():
    if sys.argv[1:] == ["--list"]:
        from test.libregrtest.pgo import PGO_TESTS

        print(*(name for name in PGO_TESTS if name not in OTHER), sep="\n")
        return 0
    import _weft_counters

    name, to = sys.argv[1:]
    result = run_tests(name)
    record = {"names": [table.hex() for table in _weft_counters.name_tables()], "counters": _weft_counters.counters()}
    # Whole or not at all.
    with open(f"{to}.new", "w") as out:
        json.dump(record, out)
    os.rename(f"{to}.new", to)
    return 0 if result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
