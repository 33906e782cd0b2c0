"""The AWS stand-in: moto, with Network Load Balancers, target health and PrivateLink as AWS answers them.

moto keeps VPCs, subnets, interfaces, instances, security groups and STS. Everything
about NLBs, target groups, endpoint services and their connections is this package's
own state (`store`), served through moto's request parsing and response writing.
"""
