"""The largest values that an operator may enter: the ledger, the calendar and Stripe accept no more."""

LARGEST_MOVEMENT = 1_000_000_000
"""Credits that one ledger entry may add or take."""

LONGEST_TERM_DAYS = 36_500
"""Days until credits expire: a hundred years. A later date may not exist in the calendar."""

LARGEST_PRICE = 99_999_999
"""Minor units of one payment: Stripe takes eight digits."""

MOST_RECHARGES_A_MONTH = 1000
