"""Serves the stand-in on loopback: python -m standin --ready FILE --machines FOLDER [--port 0] [--set NAME=JSON ...]"""
import argparse
import json
import logging
import os
import signal
import sys

# moto then refuses instance types that do not exist. Read when moto is imported.
os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "1")

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.test import Client

from .admin import Admin
from .data_plane import DataPlane
from .front import Front
from .install import install
from .machines import MACHINES
from .settings import SETTINGS

HOST = "127.0.0.1"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ready", required=True, help="file that is written, with the endpoint, when calls are answered")
    options.add_argument("--port", type=int, default=0, help="0 (default): a free one")
    options.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="a setting, see settings.py")
    options.add_argument("--machines", required=True, help="folder for what runs on instances, see machines.py")
    asked = options.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each call: /__calls has them
    SETTINGS.change(None, {name: json.loads(value) for name, _, value in (item.partition("=") for item in asked.set)})

    install()
    moto = DomainDispatcherApplication(create_backend_app)
    warm_up(moto)
    DataPlane().start()
    MACHINES.begin(asked.machines)
    server = make_server(HOST, asked.port, Admin(Front(moto)), threaded=True, request_handler=MotoRequestHandler)
    server.daemon_threads = True  # open connections do not hold up the end
    endpoint = f"http://{HOST}:{server.server_port}"
    os.environ["MOTO_PORT"] = str(server.server_port)
    signal.signal(signal.SIGTERM, lambda *_: end())
    with open(asked.ready + ".part", "w") as ready:
        json.dump({"endpoint": endpoint, "pid": os.getpid()}, ready)
    os.replace(asked.ready + ".part", asked.ready)
    server.serve_forever()


def end():
    """Nothing to save; what runs on machines goes with us."""
    MACHINES.end()
    os._exit(0)


def warm_up(moto):
    """moto reads botocore's models at the first call: seconds that no test's first call should pay."""
    for service, version, action in (("ec2", "2016-11-15", "DescribeAvailabilityZones"),
                                     ("elasticloadbalancing", "2015-12-01", "DescribeAccountLimits"),
                                     ("sts", "2011-06-15", "GetCallerIdentity")):
        answer = Client(moto).post("/", data={"Action": action, "Version": version}, headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential=warm/20260101/us-west-2/{service}/aws4_request"})
        if answer.status_code != 200:
            raise SystemExit(f"{action} answers {answer.status}: {answer.get_data(as_text=True)}")


if __name__ == "__main__":
    main()
