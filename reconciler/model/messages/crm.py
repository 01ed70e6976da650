"""Messages of one family; see the package's docstring for the codes."""

from __future__ import annotations

from reconciler.model.messages.row import Message

CRM: tuple[Message, ...] = ()
