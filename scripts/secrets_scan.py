"""Fails when a committed file seems to hold a password, a key or a token."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from scripts.console import fail, say

ROOT = Path(__file__).resolve().parent.parent
# Hashes of packages and of vendored files, and third-party files, are no secrets of ours.
PASSED_OVER = re.compile(
    r"^(requirements/|static/vendor/|tests/assets/|locale/)|SHA256SUMS|\.(png|woff2?|ico|pdf|min\.\w+)$"
)
PLUGINS = [
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
]
FILTERS = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_templated_secret",
    "detect_secrets.filters.heuristic.is_indirect_reference",
    "detect_secrets.filters.heuristic.is_likely_id_string",
    "detect_secrets.filters.heuristic.is_sequential_string",
    "detect_secrets.filters.heuristic.is_potential_uuid",
    "detect_secrets.filters.heuristic.is_not_alphanumeric_string",
)


def files() -> list[Path]:
    """Return the files that are committed or about to be."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in done.stdout.split("\0") if name and not PASSED_OVER.search(name)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def scan() -> list[str]:
    """Return one line for each suspicious place."""
    found = SecretsCollection(root=str(ROOT))
    settings = {
        "plugins_used": [{"name": name} for name in PLUGINS],
        "filters_used": [{"path": path} for path in FILTERS],
    }
    with transient_settings(settings):
        for path in files():
            found.scan_file(str(path.relative_to(ROOT)))
    return [f"{name}:{secret.line_number}: {secret.type}" for name, secret in found]


def main() -> int:
    """Command line; returns the exit code."""
    places = scan()
    for place in places:
        say(place)
    if places:
        fail("If it is no secret, end the line with the comment `pragma: allowlist secret`.")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main())
