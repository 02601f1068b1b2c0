"""A stand-in for Stripe's servers, for tests and for trying a purchase by hand.

It remembers, it signs, and it is spoken to over real HTTP by the unmodified `stripe` package. What keeps it honest:
every request is checked against the SDK's own typed parameters, every answer against the SDK's classes, and some flows
run against a peer nobody here wrote.
"""

from tests.stripe_stand_in.stand_in import StripeStandIn

__all__ = ["StripeStandIn"]
