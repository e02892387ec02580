"""Who signed up."""

from django.db import models


class Signup(models.Model):
    """A visitor who wants to hear from us."""

    address: "models.CharField[str, str]" = models.CharField(max_length=200)
    welcomed: "models.IntegerField[int, int]" = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.address
