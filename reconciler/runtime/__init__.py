"""Everything that touches the outside: observing, the gateway, applying, journal, state, lock, and the pipeline.

`runtime.pipeline` is the way in; it joins the rooms below in the one order of the house.
"""
