"""Local endpoints that keep what they are sent: an SMTP server, and an HTTP server for Apprise's ``json://``."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Mailbox:
    """What has come, the oldest first."""

    def __init__(self, smtp_port: int) -> None:
        self.smtp_port = smtp_port
        self.http = ""
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.posts: list[dict[str, Any]] = []
        self.refuses_mail = False
        self.passwords: list[bytes] = []

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        """Take whoever signs in; nobody must."""
        self.passwords.append(given.password)
        return AuthResult(success=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Take a mail."""
        if self.refuses_mail:
            return "554 5.7.1 refused"
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    def connections(self) -> dict[str, str]:
        """The Airflow connections that lead here; posts to the services tagged ``no`` are refused."""
        extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 1}
        smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": self.smtp_port, "extra": extra}
        services = [{"path": f"json://{self.http}/", "tag": "report"}, {"path": f"json://{self.http}/no", "tag": "no"}]
        return {
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
            "AIRFLOW_CONN_APPRISE_DEFAULT": json.dumps({"conn_type": "apprise", "extra": {"config": services}}),
        }


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A mailbox on free ports of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mailbox = Mailbox(probe.getsockname()[1])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class's name
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            refused = self.path.startswith("/no")
            if not refused:
                mailbox.posts.append(body)
            self.send_response(500 if refused else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    mailbox.http = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.smtp_port,
        ready_timeout=10,
        authenticator=mailbox.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
        server.shutdown()
        server.server_close()
