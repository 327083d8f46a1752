# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/hms
ENV PATH=/opt/hms/bin:$PATH
COPY requirements/production.txt /tmp/production.txt
RUN pip install --require-hashes --no-deps -r /tmp/production.txt
WORKDIR /app
COPY . .
# The key only lets the settings load; it is in no layer of the final image.
RUN python -m scripts.messages compile \
    && HMS_ENV=production HMS_STATIC_ROOT=/app/staticfiles ALLOWED_HOSTS=build \
       SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
       python manage.py collectstatic --no-input \
    && rm -rf bench scripts tests \
    && python -m compileall -q /app /opt/hms/lib

FROM python:3.13-slim
RUN groupadd --system --gid 10001 hms \
    && useradd --system --uid 10001 --gid hms --no-create-home --home-dir /nonexistent hms \
    && install -d -o hms -g hms -m 0750 /var/lib/hms /var/lib/hms-backups /var/lib/hms-backup-work \
       /var/lib/hms-anchors /var/lib/hms-looks
# PostgreSQL's own programs take backups and restore them: the major version of docker-compose.yml.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql-18 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/hms /opt/hms
COPY --from=build /app /app
ENV PATH=/opt/hms/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HMS_ENV=production \
    HMS_VAR=/var/lib/hms \
    HMS_STATIC_ROOT=/app/staticfiles \
    HMS_BIND=0.0.0.0 \
    PORT=8000 \
    LIVEZ_PORT=8001
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "-c", "hms/gunicorn.py", "hms.wsgi:application"]
