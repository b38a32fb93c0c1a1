"""An identity provider's public keys by https, for the processes of the composition."""

import http.server
import ssl
from pathlib import Path

KEYS = Path("/keys.json").read_bytes()


class Keys(http.server.BaseHTTPRequestHandler):
    """Answers everything with the keys."""

    def do_GET(self) -> None:
        """One request."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(KEYS)))
        self.end_headers()
        self.wfile.write(KEYS)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/key.pem")
server = http.server.ThreadingHTTPServer(("0.0.0.0", 8443), Keys)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
