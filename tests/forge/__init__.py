"""A forge on this machine, for tests of the pipelines that people copy: a bare git repository, the few calls of its
API that pipelines make, and runners that execute the very commands of a pipeline's file."""
