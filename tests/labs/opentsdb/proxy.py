"""What stands in front of servers: TLS by an authority of one's own, and a name and a password that are asked for."""
import base64
import http.client
import http.server
import ssl
import subprocess
import threading


class Proxy:
    """An https server that asks who comes and hands on to `server`, to be used in a `with`; files go to FOLDER."""

    def __init__(self, server, folder, credentials):
        self.server, self.folder = server.removeprefix("http://"), folder
        self.wanted = "Basic " + base64.b64encode(credentials.encode()).decode()

    def make_certificates(self):
        name = ["-subj", "/CN=lab", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
        self.openssl("req", "-x509", *name, "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl("req", *name, "-keyout", "tls.key", "-out", "tls.csr")
        (self.folder / "tls.ext").write_text("subjectAltName=IP:127.0.0.1\n")
        self.openssl("x509", "-req", "-in", "tls.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", "tls.ext", "-out", "tls.pem")

    def __enter__(self):
        self.make_certificates()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self.server, self.wanted))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "tls.pem", self.folder / "tls.key")
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return f"https://127.0.0.1:{self.http.server_address[1]}/tsdb"

    def __exit__(self, *_):
        self.http.shutdown()

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True, timeout=60)


def handler(server, wanted):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def hand_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != wanted:
                return self.answer(401, b"who are you?")
            upstream = http.client.HTTPConnection(server, timeout=60)
            upstream.request(self.command, self.path.removeprefix("/tsdb"), body, {"Content-Type": "application/json"})
            answer = upstream.getresponse()
            self.answer(answer.status, answer.read())

        do_GET = do_POST = hand_on

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
