"""A port that speaks TLS and nothing else: it reads, and never answers."""

import socket
import threading


class Listener:
    """Threads of its own; unlike asyncio, it lets a client hear why its handshake failed."""

    def __init__(self, tls):
        self.tls = tls
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self):
        """Takes no more; who is connected keeps its thread until it leaves."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return  # The end.
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        try:
            with client, self.tls.wrap_socket(client, server_side=True) as secure:
                while secure.recv(65536):
                    pass
        except OSError:
            pass  # It has been told.
