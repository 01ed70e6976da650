"""A state in a bucket of S3 or of a server that speaks as it does.

    PREFIX/NAME/lease             who holds the lease; replaced only where it is what was read (If-Match)
    PREFIX/NAME/chain/0000000007  an entry; made only where there is none (If-None-Match: *)
    PREFIX/NAME/blobs/...         blobs

Time is the server's: the age of the lease is the `Date` of an answer less the `Last-Modified` of the object. Which
fence is the newest is not looked at with an append: whoever takes the lease takes the next number of the chain, too.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from reconciler.adapters.states.store import Lease, StoreAuthFailed, StoreFailed
from reconciler.model.shared import S3Place

_MOST_KEYS = 1000  # that one request removes
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
_NEVER_SO = ({"IfNoneMatch": "*"}, {"IfMatch": '"00000000000000000000000000000000"'})
_ABSENT = ("NoSuchKey", "404", "NotFound")
_OF_CODE: Mapping[str, str] = {
    "AccessDenied": "E582",
    "InvalidAccessKeyId": "E582",
    "SignatureDoesNotMatch": "E582",
    "ExpiredToken": "E582",
    "InvalidToken": "E582",
    "403": "E582",
    "NoSuchBucket": "E583",
    "NotImplemented": "E590",
    "SlowDown": "E581",
    "ServiceUnavailable": "E581",
    "InternalError": "E581",
    "RequestTimeout": "E581",
}
"""What the server calls an error -> ours; any other is E591."""


class _Seen(NamedTuple):
    """The lease and the tag of the object that it was read from."""

    lease: Lease
    tag: str


class S3Store:
    """A `Store`. `client`: boto3's, safe for threads."""

    def __init__(self, client: Any, place: S3Place, name: str) -> None:
        self._client, self._bucket = client, place.bucket
        self._prefix = place.prefix
        self._base = f"{place.prefix}{name}/"
        self._alone = threading.Lock()
        self._tag = ""  # of the lease, as this holder wrote it

    def lease(self) -> Lease | None:
        seen = self._seen()
        return None if seen is None or not seen.lease.fence else seen.lease

    def take(self, holder: bytes, seconds: float, force: bool = False) -> int | None:
        with self._alone:
            seen = self._seen()
            if seen is not None and not (seen.lease.free or force or seen.lease.holder == holder):
                return None
            fence = 1 if seen is None else seen.lease.fence + 1
            content = _lease(fence, holder, seconds)
            if not self._write(content, seen.tag if seen else ""):
                return None
            self._check_conditions(content)
            return fence

    def renew(self, fence: int, holder: bytes, seconds: float) -> bool:
        return self._replace(fence, holder, _lease(fence, holder, seconds))

    def release(self, fence: int, holder: bytes) -> None:
        self._replace(fence, holder, _lease(fence, b"", 0))

    def _replace(self, fence: int, holder: bytes, content: bytes) -> bool:
        with self._alone:
            if self._tag and self._write(content, self._tag):
                return True
            seen = self._seen()  # the answer to an earlier request may have been lost
            still = seen is not None and (seen.lease.fence, seen.lease.holder) == (fence, holder)
            return seen is not None and still and self._write(content, seen.tag)

    def _seen(self) -> _Seen | None:
        found = self._get("lease")
        if found is None:
            return None
        try:
            said = json.loads(found["Body"].read())
            now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
            age = (now - found["LastModified"]).total_seconds()
            holder = base64.b64decode(said["holder"])
            return _Seen(Lease(int(said["fence"]), holder, age, float(said["seconds"])), found["ETag"])
        except (ValueError, KeyError, TypeError):
            raise StoreFailed("E587", "the lease") from None

    def _write(self, content: bytes, tag: str) -> bool:
        """The lease anew, if it is what it was; `tag` "": if it is not there."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        made = self._put("lease", content, condition)
        self._tag = made["ETag"] if made is not None else ""
        return made is not None

    def _check_conditions(self, content: bytes) -> None:
        """Whether the server heeds conditions: it must neither make the lease that is there nor replace another one."""
        for condition in _NEVER_SO:
            if self._put("lease", content, condition) is not None:
                raise StoreFailed("E590", f"{' '.join(condition)} was passed over")

    def numbers(self) -> Sequence[int]:
        return sorted(int(name) for name in self._listed("chain/") if name.isdecimal())

    def entry(self, number: int) -> bytes | None:
        return self._content(_chain(number))

    def append(self, number: int, content: bytes, fence: int) -> bool:  # noqa: ARG002, see the module
        return self._put(_chain(number), content, {"IfNoneMatch": "*"}) is not None

    def put(self, name: str, content: bytes) -> None:
        self._put(f"blobs/{name}", content, {})

    def get(self, name: str) -> bytes | None:
        return self._content(f"blobs/{name}")

    def names(self) -> Collection[str]:
        return self._listed("blobs/")

    def sweep(self, entries: Collection[int], blobs: Collection[str]) -> None:
        names = [*map(_chain, entries), *(f"blobs/{name}" for name in blobs)]
        for start in range(0, len(names), _MOST_KEYS):
            keys = [{"Key": self._base + name} for name in names[start : start + _MOST_KEYS]]
            with _said():
                self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})

    def states(self) -> Collection[str]:
        pages = self._pages(self._prefix, Delimiter="/")
        return [row["Prefix"][len(self._prefix) : -1] for page in pages for row in page.get("CommonPrefixes", ())]

    def close(self) -> None:
        self._client.close()

    def _content(self, name: str) -> bytes | None:
        found = self._get(name)
        if found is None:
            return None
        with _said():
            content: bytes = found["Body"].read()
        return content

    def _get(self, name: str) -> Any:
        with _said(passing=_ABSENT):
            return self._client.get_object(Bucket=self._bucket, Key=self._base + name)
        return None

    def _put(self, name: str, content: bytes, condition: Mapping[str, str]) -> Any:
        """The answer; None where the condition does not hold."""
        with _said(passing=(*_TAKEN, *_ABSENT) if condition else ()):
            return self._client.put_object(Bucket=self._bucket, Key=self._base + name, Body=content, **condition)
        return None

    def _listed(self, below: str) -> list[str]:
        """The names below that one."""
        base = self._base + below
        return [row["Key"].removeprefix(base) for page in self._pages(base) for row in page.get("Contents", ())]

    def _pages(self, prefix: str, **more: str) -> Iterator[Any]:
        while True:
            with _said():
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]


def _chain(number: int) -> str:
    return f"chain/{number:010d}"


def _lease(fence: int, holder: bytes, seconds: float) -> bytes:
    said = {"fence": fence, "holder": base64.b64encode(holder).decode(), "seconds": seconds}
    return json.dumps(said).encode()


@contextmanager
def _said(passing: Sequence[str] = ()) -> Iterator[None]:
    """The client's errors in our words. `passing`: what the server calls those for which there is nothing to say."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in passing:
            return
        raise _failed(code) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise StoreAuthFailed("E582", "there are no credentials") from None
    except (BotoCoreError, OSError):
        raise StoreFailed("E581") from None


def _failed(code: str) -> StoreFailed:
    ours = _OF_CODE.get(code) or ("E581" if code.startswith("5") and code.isdecimal() else "E591")
    shown = f"the server says {code}" if code.isalnum() and code.isascii() and len(code) <= 60 else ""
    return (StoreAuthFailed if ours == "E582" else StoreFailed)(ours, shown)


def client(place: S3Place, env: Mapping[str, str]) -> Any:
    """boto3's, with what the file says, or the variables do. Raises StoreFailed without the extra `s3`."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise StoreFailed("E588", "`s3` needs boto3", "pip install 'crm-reconciler[s3]'") from None
    config = Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 4},
        s3={"addressing_style": "path" if place.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="reconciler",
    )
    try:
        session = boto3.session.Session(
            aws_access_key_id=place.access_key_id or env.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=place.secret_access_key or env.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=place.session_token or env.get("AWS_SESSION_TOKEN"),
            region_name=place.region or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or _region(place),
        )
        endpoint = place.endpoint or env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
        return session.client("s3", endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError):
        raise StoreFailed("E581", "the address or the credentials cannot be used as they are") from None


def _region(place: S3Place) -> str | None:
    """A server of somebody's own has none."""
    return "us-east-1" if place.endpoint else None


def open_store(place: S3Place, name: str, env: Mapping[str, str]) -> S3Store:
    """Nothing is asked of the bucket yet. Raises StoreFailed."""
    return S3Store(client(place, env), place, name)
