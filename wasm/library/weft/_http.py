"""http.client over the host's fetch(): its connections get a socket that understands what they write."""

import io
import socket
from http import HTTPStatus

import weft

# What fetch() sets itself, or refuses.
_OWN = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive", "te", "upgrade", "expect"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _Body(io.RawIOBase):
    """A response as it would come over the network: its head, then its body as it arrives."""

    def __init__(self, exchange):
        self._exchange = exchange
        self._part = memoryview(exchange.head)

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._part:
            part = self._exchange.read()
            if part is None:
                return 0
            self._part = memoryview(part)
        count = min(len(buffer), len(self._part))
        buffer[:count] = self._part[:count]
        self._part = self._part[count:]
        return count

    def close(self):
        if not self.closed:
            self._exchange.cancel()
        super().close()


class _Exchange:
    """One request by fetch() and its response. Only the calling thread waits, until the timeout of its socket."""

    def __init__(self, method, url, headers, body, timeout):
        self._timeout = timeout
        self._cancel = None
        self._read = None
        exchange = weft._services.http.request(method, url, headers, body)
        self._cancel = exchange.cancel
        self._response = exchange.response
        self.url = None

    def answer(self):
        """Waits for the response's head; once."""
        if self._response is None:
            return
        promise, self._response = self._response, None
        response = self._wait(promise).to_py(2)
        self._read = response["read"]
        self._cancel = response["cancel"]
        self.url = response["url"]
        self.status = response["status"]
        names = response["headers"]
        try:
            reason = response["reason"] or HTTPStatus(self.status).phrase
        except ValueError:
            reason = ""
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{name}: {value}" for name, value in zip(names[::2], names[1::2])), "Connection: close"]
        self.head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _wait(self, promise):
        try:
            return promise.wait(self._timeout)
        except weft.HostError as error:
            raise ConnectionError(error.message) from None
        except TimeoutError:
            self.cancel()
            raise TimeoutError("timed out") from None
        except BaseException:
            # An interrupt.
            self.cancel()
            raise

    def read(self):
        part = self._wait(self._read())
        return None if part is None else part.to_py()

    def cancel(self):
        cancel, self._cancel = self._cancel, None
        if cancel is not None:
            cancel()


def _without_chunks(data):
    """The body of a request that was written in chunks, or None while its end has not come."""
    body = bytearray()
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].split(b";")[0], 16)
        if size == 0:
            return bytes(body) if data.find(b"\r\n\r\n", end) >= 0 or data[end + 2:end + 4] == b"\r\n" else None
        begin = end + 2
        if len(data) < begin + size + 2:
            return None
        body += data[begin:begin + size]
        at = begin + size + 2


class FetchSocket:
    """What a connection writes to: when a request is complete, it is sent, and its response is waited for.

    That is while the request is written, or with `late` when the response is asked for.
    """

    def __init__(self, scheme, host, port, timeout, late=False):
        self._late = late
        self._scheme = scheme
        self._address = host, port
        self._timeout = socket.getdefaulttimeout() if timeout is socket._GLOBAL_DEFAULT_TIMEOUT else timeout
        self._data = bytearray()
        self._exchange = None

    @property
    def url(self):
        """Where the response came from, after redirects."""
        return self._exchange.url if self._exchange else None

    def _body(self, headers, data):
        """The request's body, or None while more of it is to come."""
        lower = {name.lower(): value for name, value in headers}
        if lower.get("transfer-encoding", "").lower() == "chunked":
            return _without_chunks(data)
        length = int(lower.get("content-length", "0"))
        return data[:length] if len(data) >= length else None

    def sendall(self, data):
        if self._exchange is not None:
            raise OSError("a connection by fetch() carries one request, and it was sent")
        self._data += data
        head, end, rest = bytes(self._data).partition(b"\r\n\r\n")
        if not end:
            return
        request, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = request.split(" ", 2)
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        body = self._body(headers, rest)
        if body is None:
            return
        host, port = self._address
        if "://" not in target:
            shown = f"[{host}]" if ":" in host else host
            default = 443 if self._scheme == "https" else 80
            target = f"{self._scheme}://{shown}{'' if port == default else f':{port}'}{target}"
        # Python's own name would make every request to another origin ask for permission first.
        kept = [
            list(pair) for pair in headers
            if pair[0].lower() not in _OWN and not (pair[0].lower() == "user-agent" and pair[1].startswith("Python-urllib/"))
        ]
        self._exchange = _Exchange(method, target, kept, body or None, self._timeout)
        if not self._late:
            self._exchange.answer()

    def makefile(self, mode="rb", buffering=-1, **_):
        if self._exchange is None:
            raise OSError("no request was sent on this connection, or not all of its body")
        self._exchange.answer()
        return io.BufferedReader(_Body(self._exchange))

    def settimeout(self, timeout):
        self._timeout = timeout
        if self._exchange is not None:
            self._exchange._timeout = timeout

    def gettimeout(self):
        return self._timeout

    def setsockopt(self, *_):
        pass

    def close(self):
        # The response's file, if somebody reads it, goes on.
        pass


def extend(client):
    """Makes the connections of http.client use fetch(), except to what listens inside of the program."""

    class Response(client.HTTPResponse):
        def __init__(self, sock, *arguments, **keywords):
            self._own_url = getattr(sock, "url", None)
            self._given_url = None
            super().__init__(sock, *arguments, **keywords)

        @property
        def url(self):
            return self._own_url or self._given_url

        @url.setter
        def url(self, value):
            self._given_url = value

    def connect(self, scheme):
        if self._tunnel_host:
            raise OSError("requests by fetch() cannot go through a tunnel")
        self.sock = FetchSocket(scheme, self.host, self.port, self.timeout)
        self.response_class = Response

    by_socket = client.HTTPConnection.connect

    def connect_http(self):
        if self.host in LOOPBACK:
            try:
                by_socket(self)
                return
            except ConnectionRefusedError:
                # Nobody inside listens there.
                pass
        connect(self, "http")

    client.HTTPConnection.connect = connect_http

    class HTTPSConnection(client.HTTPConnection):
        """This class allows communication via TLS, which is the host's."""

        default_port = client.HTTPS_PORT

        def __init__(self, host, port=None, *, timeout=socket._GLOBAL_DEFAULT_TIMEOUT, source_address=None, context=None, blocksize=8192):
            super().__init__(host, port, timeout, source_address, blocksize=blocksize)

        def connect(self):
            connect(self, "https")

    HTTPSConnection.__module__ = client.__name__
    HTTPSConnection.__qualname__ = "HTTPSConnection"
    client.HTTPSConnection = HTTPSConnection
    client._create_https_context = lambda http_version: None
    client.__all__.append("HTTPSConnection")
