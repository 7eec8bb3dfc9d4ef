"""Counts instructions and allocations of the worker's inner operations: see engine-bench.sh."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

THRESHOLDS = Path(__file__).with_name("engine-bench.json")
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}

# The same everywhere: hashes, the moment when symbols are bound, and which variants of memcpy and the like run.
ENVIRONMENT = {
    "SWIFT_DETERMINISTIC_HASHING": "1", "LD_BIND_NOW": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS",
}

# Operations of which the cost has to stay flat, as references and partitions grow. A table of references grows by a
# quarter when it is full: `insert` is counted for so many that it does once, and its cost is in the figures.
REFERENCES, PARTITIONS = (1_000, 100_000, 10_000_000), (1, 12, 100)
FLAT = {
    "references": {name: [(n, 1) for n in REFERENCES] for name in ("insert", "lookup", "restore", "step")},
    # So many in all that no table is full while others are measured.
    "partitions": {name: [(120_000, n) for n in PARTITIONS] for name in ("restore", "step")},
}


class Failed(Exception):
    pass


def count(program, operation, references=1_000, partitions=1, times=2_000):
    """Instructions and allocations of one operation, as {"instructions": …, "allocations": …}."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile")
        command = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={profile}",
                   program, operation, f"--references={references}", f"--partitions={partitions}", f"--count={times}"]
        done = subprocess.run(command, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"{operation}: {done.stderr.strip()[-2000:]}")
        if not json.loads(done.stdout)["counted"]:
            raise Failed("engine-bench was built without valgrind's headers: touch Sources/CCallgrind/CCallgrind.c, build again")
        instructions, allocations = read(profile.read_text(errors="replace").splitlines())
    return {"instructions": round(instructions / times), "allocations": round(allocations / times, 1)}


def read(lines):
    """What a profile of callgrind says: all instructions, and the calls of an allocator."""
    names, instructions, allocations, callee = {}, 0, 0, ""
    for line in lines:
        # A name is written once, with the number that stands for it from there on.
        if found := re.match(r"c?fn=\((\d+)\)(?: (.+))?", line):
            number, name = found.groups()
            if name:
                names[number] = re.sub(r"^_*(libc_)?|@.*|'\d+$", "", name)
            if line.startswith("c"):
                callee = names[number]
        elif line.startswith("calls=") and callee in ALLOCATORS:
            allocations += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    return instructions, allocations


def compare(program, known, update):
    """Prints the table; the complaints, and what was counted."""
    print("| operation | instructions | at most | allocations | at most |\n|---|---:|---:|---:|---:|")
    counted, complaints = {}, []
    for operation, limits in known["operations"].items():
        counted[operation] = figures = count(program, operation)
        if update:
            limits = figures
        most = {what: limits[what] * (1 + known["tolerance"]) for what in figures}
        print(f"| {operation} | {figures['instructions']:,} | {most['instructions']:,.0f} "
              f"| {figures['allocations']:.1f} | {most['allocations']:.1f} |", flush=True)
        complaints += [f"{operation}: {figures[what]:,} {what}, at most {most[what]:,.1f} ({limits[what]:,} and {known['tolerance']:.0%})"
                       for what in figures if figures[what] > most[what]]
    return complaints, counted


def check_flat(program, growth):
    """Prints how the cost of an operation changes as there is more; the complaints."""
    complaints = []
    for what, operations in FLAT.items():
        sizes = REFERENCES if what == "references" else PARTITIONS
        print(f"\n| instructions, by {what} | {' | '.join(f'{n:,}' for n in sizes)} | growth |\n|---|{'---:|' * (len(sizes) + 1)}")
        for operation, scales in operations.items():
            costs = []
            for references, partitions in scales:
                times = max(2_000, references // 4 + 1) if operation == "insert" else 2_000
                costs.append(count(program, operation, references, partitions, times)["instructions"])
            ratio = max(costs) / costs[0]
            print(f"| {operation} | {' | '.join(f'{n:,}' for n in costs)} | {ratio:.2f} |", flush=True)
            if ratio > growth:
                complaints.append(f"{operation}: grows {ratio:.2f} times with {what} ({', '.join(f'{n:,}' for n in costs)}), at most {growth}")
    return complaints


def main():
    parser = argparse.ArgumentParser(prog="engine-bench.sh", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="only compare with the thresholds, at 1,000 references")
    parser.add_argument("--update", action="store_true", help="make what is counted the thresholds")
    options = parser.parse_args()
    known = json.loads(THRESHOLDS.read_text())
    try:
        complaints, counted = compare(options.program, known, options.update)
        if options.update:
            THRESHOLDS.write_text(json.dumps({**known, "operations": counted}, indent=2) + "\n")
        if not options.quick:
            complaints += check_flat(options.program, known["growth"])
    except Failed as failure:
        complaints = [str(failure)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
