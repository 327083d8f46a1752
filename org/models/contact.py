"""How to reach a member of staff who is not at a screen."""

from django.db import models
from django.db.models import Q

from core.models import BaseModel
from org.models.people import User


class StaffPhone(BaseModel):
    """The mobile phone of a login: sealed, used once its owner typed a code sent to it."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    ending = models.CharField(max_length=4)
    value_sealed = models.CharField(max_length=400)
    code_digest = models.CharField(max_length=64, blank=True)
    code_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code_digest="", code_until__isnull=True)
                | ~Q(code_digest="") & Q(code_until__isnull=False),
                name="staffphone_code_ends",
            )
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} …{self.ending}"
