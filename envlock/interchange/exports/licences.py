"""Licences as packages state them: in SPDX's language, or in any words."""

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression


def expression(text: str) -> str | None:
    """The SPDX expression that a text is, in its normal form; None where it is none."""
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None
