"""`plan --timings`: CPU and wall seconds by stage."""

from reconciler.cli.timings import Timings


class Ticks:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_each_stage_has_the_seconds_between_its_beginning_and_the_next() -> None:
    cpu, wall = Ticks(), Ticks()
    timings = Timings(cpu, wall)
    for name, used, passed in (("reading people", 1.0, 2.0), ("comparing", 3.0, 5.0)):
        timings.stage(name)
        cpu.at += used
        wall.at += passed
    timings.done()
    cpu.at += 0.5
    lines = timings.text().splitlines()
    assert lines[0] == "Timings"
    assert [line.split() for line in lines[1:]] == [
        ["starting", "0.00", "CPU", "s", "0.00", "s"],
        ["reading", "people", "1.00", "CPU", "s", "2.00", "s"],
        ["comparing", "3.00", "CPU", "s", "5.00", "s"],
        ["ending", "0.50", "CPU", "s", "0.00", "s"],
        ["together", "4.50", "CPU", "s", "7.00", "s"],
    ]


def test_a_stage_that_comes_again_is_added_up() -> None:
    cpu = Ticks()
    timings = Timings(cpu, Ticks())
    for name in ("reading", "comparing", "reading"):
        timings.stage(name)
        cpu.at += 1.0
    reading = next(line for line in timings.text().splitlines() if line.split()[0] == "reading")
    assert reading.split()[1] == "2.00"
