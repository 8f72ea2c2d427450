"""A mail server that takes mails as it is told to, and writes each that it took, one JSON object a line, to a file.

Arguments: the port; the file; what it does (see MANNERS); and, for TLS, `starttls` or `tls` with a certificate and its key.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Handler:
    """Takes every mail, except as the manner says."""

    def __init__(self, path, manner):
        self.path, self.manner = path, manner

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.manner == "4xx":
            return "451 4.3.0 not now"
        if self.manner == "5xx":
            return "550 5.1.1 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        if self.manner == "hang":
            await asyncio.sleep(3600)
        if self.manner == "cut":
            server.transport.abort()
            return "451 gone"
        if self.manner == "slow":
            await asyncio.sleep(0.05)
        headers = envelope.content.split(b"\r\n\r\n", 1)[0].decode()
        ids = [line.split(": ", 1)[1] for line in headers.split("\r\n") if line.lower().startswith("message-id:")]
        mail = {"id": ids[0], "to": envelope.rcpt_tos, "tls": server.transport.get_extra_info("sslcontext") is not None}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(mail) + "\n")
        return "250 taken"


def main():
    port, path, manner, *tls = sys.argv[1:]
    context, settings = None, {}
    if tls:
        kind, certificate, key = tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if kind == "starttls":
            settings = {"tls_context": context, "require_starttls": True}
            context = None

    class Server(Controller):
        def factory(self):
            return SMTP(self.handler, enable_SMTPUTF8=True, **settings)

    server = Server(Handler(path, manner), hostname="127.0.0.1", port=int(port), ssl_context=context, ready_timeout=30)
    server.start()
    print("listening", flush=True)
    sys.stdin.read()


main()
