"""The package's operators; each extends a provider's operator where that one gets something wrong (see docs/adr)."""
