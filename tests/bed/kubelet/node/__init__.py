"""The parts of the stand-in for a node."""
