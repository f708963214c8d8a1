"""A server on this machine that sends files in chunks, as slowly as a test wants."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class FileServer(ThreadingHTTPServer):
    """Answer every request with the same content.

    The second half of the content is sent when `resume` is set.
    """

    def __init__(self, content: bytes, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.status = content, status
        self.requested: list[str] = []
        self.resume = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Ignore clients that have closed the connection."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requested.append(self.path)
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(server.content)))
        self.end_headers()
        half = len(server.content) // 2
        self.wfile.write(server.content[:half])
        self.wfile.flush()
        server.resume.wait(60)
        self.wfile.write(server.content[half:])

    def log_message(self, *_args):
        """Print nothing."""


@contextmanager
def serving(content: bytes, status: int = 200, *, slowly: bool = False):
    """Provide a `FileServer`; `slowly` stops it in the middle of the content."""
    server = FileServer(content, status)
    if not slowly:
        server.resume.set()
    thread = Thread(target=server.serve_forever, name="file-server")
    thread.start()
    try:
        yield server
    finally:
        server.resume.set()
        server.shutdown()
        server.server_close()
        thread.join()
