"""The API reference, read from the OpenAPI description."""
