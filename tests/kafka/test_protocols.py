"""The rendered lines, merged into a stock server.properties, start and verify: on both versions, by every protocol."""
import pytest
from applied import LISTENER
from bedlib import kafka
from offered import Offered

pytestmark = pytest.mark.skipif(kafka.why_not() is not None, reason=str(kafka.why_not()))


@pytest.mark.parametrize("version", [kafka.OLDEST, kafka.NEWEST])
@pytest.mark.parametrize(("protocol", "mtls"), [("PLAINTEXT", False), ("SASL_PLAINTEXT", False), ("SASL_SSL", False), ("SSL", True)])
def test_long_rendered_lines_start_and_verify(version, protocol, mtls):
    with Offered(version, protocol, mtls=mtls) as offered:
        for broker in offered.cluster.nodes:
            offered.secure(broker)
        offered.hand_over()
        link = offered.verified()
        assert {row["proof"] for row in link.brokers} == {"Identity"}
        assert all(("certificateExpires" in row) == protocol.endswith("SSL") for row in link.brokers)
        for broker in offered.cluster.nodes:
            assert f"{LISTENER}:{protocol}" in offered.cluster.properties(broker)["listener.security.protocol.map"]
