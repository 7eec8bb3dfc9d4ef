#!/usr/bin/env bash
# Counts the instructions and allocations of the worker's inner operations, and compares them with
# thresholds (engine-bench.json). --quick leaves out whether they stay flat; --update rewrites the
# thresholds. A few minutes once everything is built; --quick less than one.
source "$(dirname "$0")/setup.sh"

need_build_tools
# Built without valgrind's headers, the program cannot say where to begin.
header=/usr/include/valgrind/callgrind.h
[ -e $header ] || touch Sources/CCallgrind/CCallgrind.c
need $header valgrind
need strip binutils
need python3 python3
install_missing
build_release engine-bench

# What Swift writes for debuggers is more than valgrind can read.
strip --strip-debug -o "$bin/engine-bench.stripped" "$bin/engine-bench"
exec python3 deploy/engine_bench.py --program "$bin/engine-bench.stripped" "$@"
