"""`gate` with too few rights, which make a cluster look well: on brokers of their own, for an account holds one offer."""
import pytest
from applied import LISTENER
from bedlib import kafka
from lab.waiting import wait_for
from offered import Offered
from test_gate import TOPIC, create, opens, refuses

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))
# Without the third no topic is seen, and nothing is asked that needs the fourth.
RIGHTS = (("Describe", "Cluster", ["--cluster"]), ("DescribeConfigs", "Cluster", ["--cluster"]),
          ("Describe", "Topic *", ["--topic", "*"]), ("DescribeConfigs", "Topic *", ["--topic", "*"]))


def test_long_rights_are_named_one_by_one():
    with Offered(kafka.NEWEST, "SASL_PLAINTEXT", authorizer=True) as offered:
        for broker in offered.cluster.nodes:
            offered.secure(broker)
        offered.hand_over()
        create(offered, TOPIC, "1:2:3")
        offered.says("Unknown", "PermissionNeeded", LISTENER)
        for operation, resource, on in RIGHTS:
            right = f"PermissionNeeded: the user lacks the right {operation} on {resource}:"
            refuses(offered, right)
            offered.allow(operation, on=on)
            wait_for(f"{right} no more", lambda: offered.gate()[1], lambda said, right=right: right not in said, 30.0, offered.operator.check)
        opens(offered)
