"""The state machine of the ledger, a file for each part of what may happen; `test_state_machine` puts them together.

Each part is a mixin of `base.Machine` with rules of its own: it calls the product, tells the model the same, and
compares the answers. What must hold after each step is in `base`.
"""
