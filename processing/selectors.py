"""What pages and endpoints ask about the work."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import ApiKey, Organization
from billing.models import CreditAccount
from billing.selectors import Credits, account_of, credits_of
from processing.models import ModelChoice, RemovalRecord, SizeVocabulary, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """One organization as its dashboard shows it."""

    organization: Organization
    account: CreditAccount
    credits: Credits
    keys: Sequence[ApiKey]
    recent: Sequence[RemovalRecord]


def overview_of(organization: Organization, recent_requests: int) -> Overview:
    """Return what the organization's first page shows."""
    account = account_of(organization)
    return Overview(
        organization=organization,
        account=account,
        credits=credits_of(account.pk),
        keys=list(organization.api_keys.order_by("-pk")),
        recent=list(RemovalRecord.objects.filter(organization=organization)[:recent_requests]),
    )


def model_of(organization_id: int) -> str:
    """Return the model for requests that name none: the organization's own while it is allowed, else the default."""
    chosen = ModelChoice.objects.filter(organization_id=organization_id).values_list("model", flat=True).first()
    return chosen if chosen in settings.ALLOWED_MODELS else settings.MODEL_NAME


def speaks_megapixels(organization_id: int) -> bool:
    """Whether the organization chose that sizes count megapixels."""
    chosen = SizeVocabulary.objects.filter(organization_id=organization_id, vocabulary=Vocabulary.MEGAPIXELS)
    return chosen.exists()
