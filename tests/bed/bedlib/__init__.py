"""The test bed: a Kubernetes control plane and an AWS stand-in on loopback."""
