"""urllib3 over the host's fetch(), as http.client is: takes the place of urllib3.contrib.emscripten, which is for another runtime.

urllib3 calls inject_into_urllib3() when it is imported. Without the option `network` it stays as it is.
"""

import urllib3.connection
from urllib3 import connectionpool
from urllib3.exceptions import NewConnectionError

from weft import _http, _network


class _Connection(urllib3.connection.HTTPConnection):
    scheme = "http"
    _fetched = None

    def _new_conn(self):
        if self.host in _http.LOOPBACK:
            try:
                return super()._new_conn()
            except NewConnectionError:
                # Nobody inside listens there.
                pass
        self._fetched = _http.FetchSocket(self.scheme, self.host, self.port, self.timeout, late=True)
        return self._fetched

    def getresponse(self):
        fetched, self._fetched = self._fetched, None
        response = super().getresponse()
        if fetched is not None:
            # Where it came from, after redirects, which fetch() has followed.
            response.url = fetched.url
        return response

    @property
    def is_connected(self):
        # One that carried a request carries no other.
        return self.sock is not None and not isinstance(self.sock, _http.FetchSocket) and super().is_connected


# Others of a secure connection are about certificates.
_OPTIONS = {"timeout", "source_address", "blocksize", "socket_options", "proxy", "proxy_config"}


class _SecureConnection(_Connection):
    scheme = "https"
    default_port = 443

    def __init__(self, host, port=None, **options):
        super().__init__(host, port, **{name: value for name, value in options.items() if name in _OPTIONS})

    def connect(self):
        super().connect()
        # By the host, whose rules for certificates hold.
        self.is_verified = True


def inject_into_urllib3():
    if _network.enabled:
        connectionpool.HTTPConnectionPool.ConnectionCls = _Connection
        connectionpool.HTTPSConnectionPool.ConnectionCls = _SecureConnection
