"""The outside world on loopback: simulators that answer as the providers document it, with faults on demand.

Nothing in this package knows syncd: other people's clients run against it as well. Not here: configuration, the
database, and whatever a command stores before it starts the simulators.
"""
