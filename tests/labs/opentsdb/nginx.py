"""A real nginx in front of a server: of this machine, of $NGINX, or fetched from Debian once."""
import os
import shutil
import subprocess
import time
from pathlib import Path

from lab import CACHE, LabError, die_with_parent, free_ports, listens
from proxy import Proxy

FETCH_LIMIT_S = 120


def find():
    """The program, or None."""
    for name in (os.environ.get("NGINX"), shutil.which("nginx"), "/usr/sbin/nginx", CACHE / "nginx/usr/sbin/nginx"):
        if name and os.access(name, os.X_OK):
            return str(name)
    return fetch() if shutil.which("apt-get") and shutil.which("dpkg") else None


def fetch():
    """Unpacks the package; nothing is installed."""
    folder = CACHE / "nginx"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["apt-get", "download", "nginx"], cwd=folder, check=True, capture_output=True, timeout=FETCH_LIMIT_S)
        for package in folder.glob("nginx_*.deb"):
            subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True, timeout=FETCH_LIMIT_S)
    except (OSError, subprocess.SubprocessError):
        return None
    program = folder / "usr/sbin/nginx"
    return str(program) if os.access(program, os.X_OK) else None


class Nginx(Proxy):
    """The same as the small proxy, of the real one; to be used in a `with`."""

    def __init__(self, program, server, folder, credentials):
        super().__init__(server, folder, credentials)
        self.program, self.credentials = program, credentials

    def __enter__(self):
        self.make_certificates()
        port, = free_ports(1)
        state = Path(self.folder) / "nginx"
        (state / "logs").mkdir(parents=True, exist_ok=True)
        name, secret = self.credentials.split(":")
        hashed = subprocess.run(["openssl", "passwd", "-apr1", secret], check=True, capture_output=True, text=True, timeout=60).stdout
        (state / "users").write_text(f"{name}:{hashed}")
        kinds = "\n".join(f"{kind}_temp_path {state}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (state / "nginx.conf").write_text(f"""
user root;
daemon off;
worker_processes 1;
pid {state}/pid;
error_log {state}/logs/error.log;
events {{ worker_connections 64; }}
http {{
    access_log {state}/logs/access.log;
    {kinds}
    gzip on;
    gzip_types application/json;
    limit_req_zone $server_name zone=asked:1m rate=30r/s;
    limit_req_status 429;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {self.folder}/tls.pem;
        ssl_certificate_key {self.folder}/tls.key;
        location /tsdb/ {{
            auth_basic lab;
            auth_basic_user_file {state}/users;
            limit_req zone=asked burst=5 nodelay;
            proxy_pass http://{self.server}/;
        }}
    }}
}}
""")
        command = [self.program, "-p", str(state), "-c", str(state / "nginx.conf"), "-e", str(state / "logs/error.log")]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        end = time.monotonic() + 20
        while not listens(port):
            if self.process.poll() is not None or time.monotonic() > end:
                raise LabError(f"nginx did not come up; its log: {state}/logs/error.log")
            time.sleep(0.1)
        return f"https://127.0.0.1:{port}/tsdb"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
