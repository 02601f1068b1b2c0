"""What the matting core is worth, measured: mattes against references, time and memory against peers, HTTP under load.

`make bench` runs it all; docs/benchmarks.md explains it. Everything that is written goes to `.bench/`.
"""
