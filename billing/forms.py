"""Forms of the admin that move credits."""

import uuid

from django import forms

from billing.ledger import LARGEST_MOVEMENT


class GrantForm(forms.Form):
    """Credits as a gift, and why. The token makes a double click one grant."""

    amount = forms.IntegerField(min_value=1, max_value=LARGEST_MOVEMENT)
    reason = forms.CharField(max_length=500, widget=forms.TextInput(attrs={"size": 80}))
    token = forms.UUIDField(initial=uuid.uuid4, widget=forms.HiddenInput)
