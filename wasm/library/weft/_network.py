"""Lets http.client use the host's fetch(), once a program imports it. loadWeft({ network: true }) installs it."""

import sys
from importlib.machinery import PathFinder


enabled = False


class _Finder:
    """Adds to http.client when it has been loaded: importing it already would cost each start its time."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "http.client":
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader = spec.loader
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            from weft import _http

            _http.extend(module)

        loader.exec_module = exec_module
        return spec


def install():
    global enabled
    enabled = True
    sys.meta_path.insert(0, _Finder)
