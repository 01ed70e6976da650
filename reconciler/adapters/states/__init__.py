"""The third door: where what is remembered lies when it is no folder of this machine. A database or a bucket."""
