"""Credentials that open nothing, for what runs on moto: botocore asks for some before it signs."""

import pytest


def no_account(monkeypatch: pytest.MonkeyPatch, region: str = "us-east-1") -> None:
    """Let this process have none but these, in this region."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
