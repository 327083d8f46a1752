"""All settings, values only from the environment; .env.example is the contract."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import pghistory
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from environs import FileAwareEnv

BASE_DIR = Path(__file__).resolve().parent.parent
# An editor ends a file with a new line; no secret does.
env = FileAwareEnv(strip_whitespace=True)

HMS_ENV = env.str("HMS_ENV", "production")
if HMS_ENV not in {"production", "demo", "development", "test"}:
    raise ImproperlyConfigured("HMS_ENV must be production, demo, development or test.")
IS_PRODUCTION = HMS_ENV == "production"
IS_DEMO = HMS_ENV == "demo"
IS_TEST = HMS_ENV == "test"
DEBUG = False
HMS_BUILD = env.str("HMS_BUILD", "")
HMS_VAR = Path(env.str("HMS_VAR", str(BASE_DIR / "var")))

DEMO_KEY_PREFIX = "demo-"
SECRET_KEY = env.str("SECRET_KEY", "" if IS_PRODUCTION else "demo-only-key-" + "x" * 50)
SECRET_KEY_FALLBACKS: list[str] = list(map(str.strip, env.list("SECRET_KEY_FALLBACKS", [])))
# The seals of the trail: the first key seals, all verify (ADR 0017).
AUDIT_KEYS: list[str] = list(map(str.strip, env.list("HMS_AUDIT_KEYS", [])))
AUDIT_KEYS_ARE_LISTED = bool(AUDIT_KEYS)
if IS_PRODUCTION:
    for name, keys in (
        ("SECRET_KEY", [SECRET_KEY]),
        ("SECRET_KEY_FALLBACKS", SECRET_KEY_FALLBACKS),
        ("HMS_AUDIT_KEYS", AUDIT_KEYS),
    ):
        for key in keys:
            if len(key) < 50 or len(set(key)) < 8 or key.startswith(DEMO_KEY_PREFIX):
                raise ImproperlyConfigured(
                    f"{name} (or {name}_FILE) must hold at least 50 random characters "
                    "and must not be the demo's key."
                )
    if "," in SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY holds a comma: it could never be listed in SECRET_KEY_FALLBACKS."
        )
AUDIT_KEYS = AUDIT_KEYS or [SECRET_KEY, *SECRET_KEY_FALLBACKS]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [] if IS_PRODUCTION else ["localhost", "127.0.0.1"])
if IS_TEST:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]

INSTALLED_APPS = [
    "hms.apps.HmsConfig",
    "core.apps.CoreConfig",
    "audit.apps.AuditConfig",
    "org.apps.OrgConfig",
    "patients.apps.PatientsConfig",
    "worklist.apps.WorklistConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "oauth2_provider",
    "pghistory",
    "pgtrigger",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "hms.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hms.middleware.PageCompressionMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "hms.middleware.RequestLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "org.middleware.BearerMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hms.polls.UnchangedPollMiddleware",
    "org.middleware.PersonMiddleware",
    "hms.access_log.AccessLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "hms.middleware.ErrorMiddleware",
    "hms.middleware.DenyByDefaultMiddleware",
]

ROOT_URLCONF = "hms.urls"
WSGI_APPLICATION = "hms.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hms.context.shell",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    },
]

# --- The trail's heads are kept outside of the database.
AUDIT_ANCHOR_DIR = Path(env.str("HMS_AUDIT_ANCHOR_DIR", "") or HMS_VAR / "anchors")
# Looks while the trail takes no rows wait here, so much at most (ADR 0019).
AUDIT_SPOOL_DIR = Path(env.str("HMS_AUDIT_SPOOL_DIR", "") or HMS_VAR / "looks")
AUDIT_SPOOL_MB = env.int("HMS_AUDIT_SPOOL_MB", 1024)
AUDIT_YEARS = env.int("HMS_TRAIL_YEARS", 6)
AUDIT_ANCHOR_SECONDS = env.int("HMS_AUDIT_ANCHOR_SECONDS", 600)

# --- A record opened without ordinary access: for how long, and when its review is late (SEC-Z7).
GLASS_MINUTES = env.int("HMS_GLASS_MINUTES", 60)
GLASS_REVIEW_DAYS = env.int("HMS_GLASS_REVIEW_DAYS", 7)

# --- Pre-registration: days for which a link opens, and for which answers wait to be checked.
PREREGISTRATION_DAYS = env.int("HMS_PREREGISTRATION_DAYS", 14)
PREREGISTRATION_KEPT_DAYS = env.int("HMS_PREREGISTRATION_KEPT_DAYS", 30)

# --- Database: two roles of one database (decisions 31); times out instead of hanging (SEC-V5).
DATABASE_URL = env.str("DATABASE_URL", "postgres://hms_app@127.0.0.1:5432/hms")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", DATABASE_URL)
DATABASE_ROLES = {
    "app": urlsplit(DATABASE_URL).username or "hms_app",
    "owner": urlsplit(DATABASE_OWNER_URL).username or "hms_owner",
    "reporting": env.str("DATABASE_REPORTING_ROLE", "hms_reporting"),
    "backup": env.str("DATABASE_BACKUP_ROLE", "hms_backup"),
}
_TIMEOUTS = {
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Milliseconds that sent data may stay unacknowledged: a machine that is gone says nothing.
    "tcp_user_timeout": 10_000,
}


def _database(url: str, *, server_options: str, max_age: int) -> dict[str, object]:
    config: dict[str, object] = dict(dj_database_url.parse(url, conn_max_age=max_age))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("The hospital's database must be PostgreSQL 15 or later.")
    # Waits for an answer end as well: hms/database/waits.py.
    config["ENGINE"] = "hms.database"
    config["CONN_HEALTH_CHECKS"] = True
    config["OPTIONS"] = {**_TIMEOUTS, "options": server_options, **dict(config.get("OPTIONS", {}))}  # type: ignore[call-overload]
    return config


_APP_LIMITS = (
    "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
)
_OWNER_LIMITS = "-c lock_timeout=5000"
if IS_TEST:
    _OWNER_LIMITS += " -c hms.allow_truncate=on"
DATABASES = {
    "default": {
        **_database(DATABASE_URL, server_options=_APP_LIMITS, max_age=60),
        "TEST": {"MIRROR": "owner"},
    },
    "owner": _database(DATABASE_OWNER_URL, server_options=_OWNER_LIMITS, max_age=0),
}
DATABASE_ROUTERS: list[str] = []

# --- Backups (docs/restore.md): taken with PostgreSQL's own programs, sealed for these age keys.
DATABASE_BACKUP_URL = env.str("DATABASE_BACKUP_URL", "")
BACKUP: dict[str, Any] = {
    "store": env.str("HMS_BACKUP_DIR", ""),
    "copy": env.str("HMS_BACKUP_COPY_DIR", ""),
    "recipients": env.list("HMS_BACKUP_RECIPIENTS", []),
    "identity_file": env.str("HMS_BACKUP_IDENTITY_FILE", ""),
    "work": env.str("HMS_BACKUP_WORK_DIR", str(HMS_VAR / "backup-work")),
    "keep": env.int("HMS_BACKUP_KEEP", 7),
    "hour": env.int("HMS_BACKUP_HOUR", 1),
    "wal_seconds": env.int("HMS_BACKUP_WAL_SECONDS", 60),
    "programs": env.str("HMS_PG_BIN", ""),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Caches: rate limits and replay guards must outlive Redis (decisions 36).
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        # The default of 300 would drop counters in use at a shift change.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "redis": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.5},
        "KEY_PREFIX": "hms",
    },
}

# --- Celery: late acknowledgement, nothing trusted to the broker alone (SEC-D5).
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800, "socket_timeout": 5}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- People and permissions.
AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "org.backends.UsernameBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
PASSWORD_HASHERS = ["hms.hashers.HospitalArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "org.validators.CommonWordValidator"},
    {"NAME": "org.validators.BreachedPasswordValidator"},
    {"NAME": "org.validators.HospitalWordsValidator"},
]
# A larger list of breached passwords than the shipped one (config/passwords/README.md).
PASSWORD_LIST = env.str("HMS_PASSWORD_LIST", "")
# --- Signing in: allauth leads through it, axes counts wrong tries in the database (decisions 36).
SECOND_FACTOR_REQUIRED = env.bool("HMS_SECOND_FACTOR_REQUIRED", IS_PRODUCTION)
ACCOUNT_ADAPTER = "org.adapters.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login_failed": False, "login": False}
MFA_ADAPTER = "org.adapters.sign_in.FactorAdapter"
# Recovery codes are ours: allauth's would stand readable in the database (SEC-A4).
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_TOLERANCE = 1
AXES_HANDLER = "org.adapters.sign_in.LockHandler"
AXES_LOCKOUT_CALLABLE = "org.adapters.sign_in.lock_answer"
# A refused try does not prolong the lock: otherwise whoever guesses keeps its owner out.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "org.adapters.sign_in.axes_username"
AXES_CLIENT_IP_CALLABLE = "org.adapters.sign_in.axes_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- API clients: one OAuth2 server; tokens are kept as hashes only (SEC-A10).
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
# A family of refresh tokens ends so long after its consent.
REFRESH_SECONDS = 12 * 3600
OAUTH2_PROVIDER = {
    # RFC 9700: no implicit and no password grant, exact redirects, tokens as hashes, rotation.
    **{
        f"COMPLIANT_BCP_RFC9700_{name}": True
        for name in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "PKCE_REQUIRED",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
        )
    },
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": REFRESH_SECONDS,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "SCOPES_BACKEND_CLASS": "org.adapters.oauth.ClosedScopes",
    "OAUTH2_VALIDATOR_CLASS": "org.adapters.oauth.Validator",
    "OAUTH2_SERVER_CLASS": "org.adapters.oauth.Server",
}

# --- Row history: triggers write it; the context is a column, so that nobody can rewrite it
# (decisions 32).
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_APPEND_ONLY = True
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="+", related_query_name="+")
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(related_name="+", related_query_name="+")

LOGIN_URL = "org:sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "org:sign-in"

SESSION_ENGINE = "org.adapters.sessions"
# The most a session lasts, and how long without a sign of life until its screen locks (SEC-A7).
SESSION_COOKIE_AGE = round(env.float("HMS_SESSION_HOURS", 12) * 3600)
LOCK_MINUTES = env.float("HMS_LOCK_MINUTES", 5)
# Shortens what config/roles.yaml says of each role, and never lengthens it.
IDLE_MINUTES_AT_MOST = env.float("HMS_IDLE_MINUTES", 720)
if not 0 < SESSION_COOKIE_AGE <= 12 * 3600 or LOCK_MINUTES <= 0 or IDLE_MINUTES_AT_MOST <= 0:
    raise ImproperlyConfigured(
        "HMS_SESSION_HOURS is at most 12; it, HMS_LOCK_MINUTES and HMS_IDLE_MINUTES are above 0."
    )
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "hms.views.csrf_failure"
USE_TLS = env.bool("HMS_TLS", IS_PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_TLS
SESSION_COOKIE_NAME = "__Host-session" if USE_TLS else "hms_session"
CSRF_COOKIE_NAME = "__Host-csrf" if USE_TLS else "hms_csrf"
MESSAGE_STORAGE = "hms.messages.toasts"
SECURE_SSL_REDIRECT = USE_TLS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if USE_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = USE_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if USE_TLS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in ("camera", "geolocation", "microphone", "payment", "usb", "display-capture")
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- Language, time, money: per installation.
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("HMS_TIME_ZONE", "UTC")
LANGUAGE_CODE = env.str("HMS_LANGUAGE", "en")
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
HMS_CURRENCY = env.str("HMS_CURRENCY", "EUR")

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("HMS_STATIC_ROOT", str(HMS_VAR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
METRICS_DIR = HMS_VAR / "metrics"
MEDIA_DIR = HMS_VAR / "media"
# What people upload is read in a child with these limits (core.uploads); kept in the database.
UPLOADS = {
    "paper_mb": max(1, min(16, env.int("HMS_UPLOAD_MB", 10))),
    "pages": max(1, env.int("HMS_UPLOAD_PAGES", 50)),
    "megapixels": 40,
    "memory_mb": 1024,
    "seconds": 20,
}
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(MEDIA_DIR)},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION or IS_DEMO
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not (IS_PRODUCTION or IS_DEMO)
_MAIL = {"production": "smtp", "demo": "filebased"}.get(HMS_ENV, "locmem")
MAIL_BACKEND = env.str("HMS_MAIL_BACKEND", f"django.core.mail.backends.{_MAIL}.EmailBackend")
MAIL_DIR = HMS_VAR / "mail"
_MAIL_OPTIONS: dict[str, object] = {}
if ".smtp." in MAIL_BACKEND:
    _MAIL_OPTIONS = {
        "host": env.str("HMS_MAIL_HOST", "localhost"),
        "port": env.int("HMS_MAIL_PORT", 587),
        "username": env.str("HMS_MAIL_USER", ""),
        "password": env.str("HMS_MAIL_PASSWORD", ""),
        "use_tls": env.bool("HMS_MAIL_TLS", True),
        "timeout": 10,
    }
elif ".filebased." in MAIL_BACKEND:
    MAIL_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    _MAIL_OPTIONS = {"file_path": str(MAIL_DIR)}
MAILERS = {"default": {"BACKEND": MAIL_BACKEND, "OPTIONS": _MAIL_OPTIONS}}
# Whoever opens the demo reads its mails on a page, without signing in: never elsewhere.
DEMO_MAILBOX = env.bool("HMS_DEMO_MAILBOX", IS_DEMO)
if DEMO_MAILBOX and IS_PRODUCTION:
    raise ImproperlyConfigured("HMS_DEMO_MAILBOX shows links to everybody: only a demo has it.")
MAIL_FROM = env.str("HMS_MAIL_FROM", "hospital@localhost")

# --- Text messages: off until account, token and sender are set (worklist/adapters/sms.py).
SMS_API = env.str("HMS_SMS_API", "https://api.twilio.com")
SMS_ACCOUNT = env.str("HMS_SMS_ACCOUNT", "")
SMS_TOKEN = env.str("HMS_SMS_TOKEN", "")
SMS_FROM = env.str("HMS_SMS_FROM", "")
SMS_SENDER_NAME = env.str("HMS_SMS_SENDER_NAME", "Hospital")
# What people type to come here: links in mails begin with it.
SITE_URL = env.str(
    "HMS_SITE_URL",
    f"https://{ALLOWED_HOSTS[0]}"
    if IS_PRODUCTION and ALLOWED_HOSTS
    else f"http://localhost:{env.int('PORT', 8000)}",
).rstrip("/")

# How many proxies of ours stand before the site: so many addresses at the end of
# X-Forwarded-For are believed, and none when it is 0.
PROXIES = env.int("HMS_PROXIES", 0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "org.api.authentication.TokenAuthentication",
        "org.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_PARSER_CLASSES": ["hms.rest.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["hms.rest.FastJSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "hms.rest.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["hms.rest.ClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": env.str("HMS_API_RATE", "1200/min")},
    "DEFAULT_PAGINATION_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hospital management system API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_NAME_OVERRIDES": {
        "ModuleEnum": "org.states.Module",
        "LevelEnum": "org.states.Level",
        "UnitKindEnum": "org.states.UnitKind",
        "AccountStateEnum": "org.states.AccountState",
        "ClientKindEnum": "org.states.ClientKind",
        "PriorityEnum": "worklist.states.Priority",
        "ChannelEnum": "worklist.states.Channel",
        "DeliveryStateEnum": "worklist.states.DeliveryState",
        "SkipReasonEnum": "worklist.states.SkipReason",
        "RuleVerdictEnum": "worklist.states.Verdict",
        "AbsenceKindEnum": "org.states.AbsenceKind",
        "ShiftGroupEnum": "org.states.ShiftGroup",
        "BackupKindEnum": "core.backups.Kind",
        "SexEnum": "patients.states.Sex",
        "PairStateEnum": "patients.states.PairState",
        "MergeStateEnum": "patients.states.MergeState",
        "PreRegistrationStateEnum": "patients.states.PreRegistrationState",
        "IdentityStateEnum": "patients.states.IdentityState",
        "BirthPrecisionEnum": "patients.states.BirthPrecision",
        "AccessNeedEnum": "patients.states.AccessNeed",
        "ContactKindEnum": "patients.states.ContactKind",
        "ChangeKindEnum": "patients.states.ChangeKind",
        "IdentifierSystemEnum": "patients.states.IdentifierSystem",
        "LanguageEnum": "django.conf.settings.LANGUAGES",
        "LanguageCodeEnum": "patients.forms.LANGUAGES",
        "OddityEnum": "patients.states.Oddity",
        "TaskStateEnum": "worklist.states.TaskState",
        "TaskKindEnum": "worklist.api.serializers.KIND_CHOICES",
        "ManualKindEnum": "worklist.api.serializers.MANUAL_CHOICES",
        "AllergyKindEnum": "patients.states.AllergyKind",
        "AllergyStateEnum": "patients.states.AllergyState",
        "VerificationEnum": "patients.states.Verification",
        "SubstanceCategoryEnum": "patients.states.SubstanceCategory",
        "CriticalityEnum": "patients.states.Criticality",
        "SeverityEnum": "patients.states.Severity",
        "InformantEnum": "patients.states.Informant",
        "NoneKnownScopeEnum": "patients.states.NoneKnownScope",
        "NoneKnownStateEnum": "patients.states.NoneKnownState",
        "ConsentKindEnum": "patients.states.ConsentKind",
        "ConsentScopeEnum": "patients.states.ConsentScope",
        "ConsentCategoryEnum": "patients.states.ConsentCategory",
        "ConsentStateEnum": "patients.states.ConsentState",
        "ConsentGiverEnum": "patients.states.ConsentGiver",
        "DecisionEnum": "patients.states.Decision",
        "DocumentKindEnum": "patients.states.DocumentKind",
        "DocumentStateEnum": "patients.states.DocumentState",
        "FlagKindEnum": "patients.states.FlagKind",
        "FlagCategoryEnum": "patients.states.FlagCategory",
        "FlagStateEnum": "patients.states.FlagState",
        "RestrictionKindEnum": "patients.states.RestrictionKind",
        "GlassKindEnum": "patients.states.GlassKind",
        "PaperEnum": "patients.states.Paper",
        "VerdictEnum": "patients.states.Verdict",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "hms.api_schema.refusals_added",
    ],
}

# --- Logs: one JSON line an event, with the request id and never a name.
LOG_FORMAT = env.str("HMS_LOG_FORMAT", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "hms.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.str("HMS_LOG_LEVEL", "WARNING" if IS_TEST else "INFO"),
    },
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
    },
}

# axes.W006 asks to lock addresses too: then one guesser would lock out a whole ward (SEC-A5).
SILENCED_SYSTEM_CHECKS = ["guardian.W001", "axes.W006"]
LIVEZ_PORT = env.int("LIVEZ_PORT", 0)
