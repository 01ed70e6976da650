"""Web APIs of real CRMs, emulated over the embedded one: for rehearsals without an account, and for tests.

An emulator is a WSGI application and knows nothing of plans or adapters; `localcrm` holds what was stored.
"""
