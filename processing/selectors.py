"""What endpoints ask about an organization's choices."""

from django.conf import settings

from processing.models import ModelChoice, SizeVocabulary, Vocabulary


def model_of(organization_id: int) -> str:
    """Return the model for requests that name none: the organization's own while it is allowed, else the default."""
    chosen = ModelChoice.objects.filter(organization_id=organization_id).values_list("model", flat=True).first()
    return chosen if chosen in settings.ALLOWED_MODELS else settings.MODEL_NAME


def speaks_megapixels(organization_id: int) -> bool:
    """Whether the organization chose that sizes count megapixels."""
    chosen = SizeVocabulary.objects.filter(organization_id=organization_id, vocabulary=Vocabulary.MEGAPIXELS)
    return chosen.exists()
