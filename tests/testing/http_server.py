"""A shop's payment service on the loopback: takes charges, keeps them, sends whoever goes elsewhere to `/charges`."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Payments:
    """The service, and what it was asked for."""

    def __init__(self):
        self.charges = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/elsewhere":
                    self.send_response(307)
                    self.send_header("Location", "/charges")
                else:
                    service.charges.append(body.decode())
                    self.send_response(201)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
