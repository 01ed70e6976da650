"""State for machines that forget: what is remembered lies in a database or a bucket, and a run works on a copy of it.

entries     what an entry of the chain holds, as bytes and back
vault       entries and files in a store, sealed where a key is given
copy        the working copy: the state folder as the chain says it is
lease       who may write, and for how long
shipping    what an apply writes down goes to the chain before the next call
opening     all of it around a run
"""
