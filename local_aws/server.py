"""The one process: ministack's ASGI app on one loopback port, with our layers registered in it."""

import asyncio
import os
from pathlib import Path
from typing import Any

from local_aws.daemon import ACCESS_KEY, HOST, REGION, SECRET_KEY

READY_PATH = "/_local_aws/ready"


def configure(port: int, state: Path) -> None:
    """Set what ministack reads at import; must run before anything of it is imported."""
    for inherited in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "SERVICES", "USE_SSL", "MINISTACK_ACCOUNT_ID"):
        os.environ.pop(inherited, None)
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST=HOST,
        MINISTACK_HOST="localhost",
        MINISTACK_REGION=REGION,
        AUTH="true",
        PERSIST_STATE="1",
        STATE_DIR=str(state / "ministack"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(state / "s3"),
        # With `cryptography` installed it would listen on 0.0.0.0:8883 and 2222, whatever BIND_HOST says
        # (ministack 1.5.33).
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        # It looks for containers of earlier runs to remove; ours never starts any.
        DOCKER_HOST="unix:///nonexistent/docker.sock",
        LOG_LEVEL=os.environ.get("LOG_LEVEL", "WARNING"),
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_ENDPOINT_URL=f"http://{HOST}:{port}",
    )


def serve(port: int, state: Path) -> None:
    """Serve until SIGTERM or SIGINT; ministack saves its state on the way out."""
    for folder in ("ministack", "s3", "athena"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    configure(port, state)

    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app as ministack_app

    from local_aws.emulator import athena, decisions, faults, layers

    layers.install(state, os.environ["AWS_ENDPOINT_URL"])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (
            await decisions.answer(scope, send) or await faults.answer(scope, receive, send)
        ):
            return
        if scope["type"] == "http" and scope["path"] == READY_PATH:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
        else:
            if scope["type"] == "http":
                # Loopback stands for TLS here, so that a bucket policy that demands aws:SecureTransport can be tested
                # as it is deployed; ministack 1.5.33 takes the word of this header.
                scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
            await ministack_app(scope, receive, send)

    config = Config()
    config.bind = [f"{HOST}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    try:
        asyncio.run(hypercorn_serve(app, config))
    finally:
        athena.close()
