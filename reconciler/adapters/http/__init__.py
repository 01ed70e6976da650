"""The HTTP door. `door`: what adapters send requests through; `paging`: lists to their end; `pace`: limits;
`connection`: the one place of httpx; `answers`: bodies and shapes; `address`: what is sent where."""

from reconciler.adapters.http.door import (
    ATTEMPTS,
    Answered,
    Bucket,
    Http,
    Refusal,
    Request,
    Shape,
    Vendor,
    basic,
    bearer,
    quoted,
)

__all__ = [
    "ATTEMPTS",
    "Answered",
    "Bucket",
    "Http",
    "Refusal",
    "Request",
    "Shape",
    "Vendor",
    "basic",
    "bearer",
    "quoted",
]
