"""Writes the table by which dlsym() finds the C API.

    python3.13 symbols.py NM_OUTPUT PREPROCESSED_HEADER > weft_symbols.h

A name is listed if the library defines it and Python.h declares it: the
declaration gives the table's reference the right function type, without which
the linker would put a trap in its place.
"""

import re
import sys

defined = set()
for line in open(sys.argv[1]):
    found = re.search(r" [TDBRV] (Py[A-Z]\w*|Py_\w+)$", line)
    if found:
        defined.add(found[1])
declared = set(re.findall(r"\b(?:Py[A-Z]\w*|Py_\w+)\b", open(sys.argv[2]).read()))
# Bytes order, as strcmp() has it.
for name in sorted(defined & declared):
    print(f"SYMBOL({name})")
