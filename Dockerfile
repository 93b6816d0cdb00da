# The switch in a container. RTP needs thousands of UDP ports and SIP needs real addresses, so run it with the host's
# network: docker run --network host -v /etc/softswitch:/srv/config -v softswitch-var:/srv/var softswitch
FROM python:3.11-slim

WORKDIR /srv
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --no-deps --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY softswitch softswitch
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --system --home-dir /srv --shell /usr/sbin/nologin softswitch \
    && mkdir -p var \
    && chown softswitch: var
COPY config config
COPY dialplans dialplans
COPY media media

USER softswitch
VOLUME /srv/var
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["softswitch"]
CMD ["run", "--config", "/srv/config"]
