# The switch in a container. RTP needs thousands of UDP ports and SIP needs real addresses, so run it with the host's
# network: docker run --network host -v /etc/softswitch:/srv/config -v softswitch-var:/srv/var softswitch
FROM python:3.11-slim

WORKDIR /srv
COPY requirements-run.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --no-deps --requirement requirements-run.lock \
    && useradd --system --home-dir /srv --shell /usr/sbin/nologin softswitch \
    && mkdir var \
    && chown softswitch: var
COPY LICENSE ./
COPY softswitch softswitch
COPY config config
COPY dialplans dialplans
COPY media media

ENV PYTHONPATH=/srv PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER softswitch
VOLUME /srv/var
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "softswitch.cli.main"]
CMD ["run", "--config", "/srv/config"]
