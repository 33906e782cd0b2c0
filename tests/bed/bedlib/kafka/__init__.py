"""Real Kafka: brokers in KRaft mode, each a process at an address of its own, and Kafka's own command-line tools."""
from .cluster import Cluster
from .distribution import install
from .jars import NEWEST, OLDEST, NotHere, available, build, why_not
from .security import AUTHORIZER, Authority, client, listener
from .tools import begin, tool

__all__ = ["AUTHORIZER", "Authority", "Cluster", "NEWEST", "NotHere", "OLDEST", "available", "begin", "build", "client", "install", "listener", "tool", "why_not"]
