"""Wrong users, rights, protocols and certificates, each by its own reason."""
import pytest
from bedlib import kafka
from offered import MECHANISM, PASSWORD, USER, Offered

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))


@pytest.fixture(scope="module")
def secured():
    with Offered(kafka.NEWEST, "SASL_SSL", authorizer=True) as offered:
        for broker in offered.cluster.nodes:
            offered.secure(broker)
        offered.hand_over()
        yield offered


def test_long_rights_in_kafka(secured):
    secured.says("Unknown", "PermissionNeeded", "the user lacks the right DescribeConfigs on Cluster")
    secured.allow("DescribeConfigs", "Describe")
    secured.verified()


def test_long_a_wrong_password(secured):
    secured.secret("kafka-user", username=USER, password=f"not {PASSWORD}")
    secured.look_now()
    secured.says("False", "AuthenticationFailed", "brokers 1, 2, 3: refuses the log-in")
    secured.change({"op": "replace", "path": "/spec/listeners/0/verification", "value": {"caSecret": {"name": "kafka-ca"}}})
    secured.says("Unknown", "AuthenticationNeeded", "verification names no credentialsSecret")
    secured.change({"op": "replace", "path": "/spec/listeners/0/verification", "value": secured.credentials()})
    secured.verified()


def test_long_each_mechanism_logs_in(secured):
    secured.allow("DescribeConfigs", "Describe")
    for mechanism in ("SCRAM-SHA-256", MECHANISM):
        secured.change({"op": "replace", "path": "/spec/listeners/0/verification",
                        "value": secured.credentials(saslMechanism=mechanism)})
        secured.secret("kafka-user", username=USER, password=f"not {PASSWORD}")
        secured.look_now()
        secured.says("False", "AuthenticationFailed", "brokers 1, 2, 3: refuses the log-in")
        secured.secret("kafka-user", username=USER, password=PASSWORD)
        secured.verified()


def test_long_the_spec_says_plaintext_and_brokers_do_not(secured):
    secured.change({"op": "remove", "path": "/spec/listeners/0/verification"},
                   {"op": "replace", "path": "/spec/listeners/0/securityProtocol", "value": "PLAINTEXT"})
    secured.says("False", "ProtocolMismatch", "brokers 1, 2, 3: speaks TLS")
    secured.change({"op": "replace", "path": "/spec/listeners/0/securityProtocol", "value": "SASL_SSL"},
                   {"op": "add", "path": "/spec/listeners/0/verification", "value": secured.credentials()})
    secured.verified()


def test_long_a_certificate_for_another_name(secured):
    secured.secure(2, "somebody-else.example")
    secured.cluster.restart(2)
    secured.says("False", "CertificateMismatch", f"broker 2: its certificate does not name {secured.host(2)}")
    secured.secure(2)
    secured.cluster.restart(2)
    secured.verified()
