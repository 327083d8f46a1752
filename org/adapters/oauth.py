"""What the OAuth2 server asks of the house: scopes from a closed list, checks of each grant."""

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import SettingsScopes


class ClosedScopes(SettingsScopes):
    """Scopes."""


class Validator(OAuth2Validator):
    """Checks."""
