#!/usr/bin/env python3
"""A study of millions of scenarios, on all processors of one machine or on a cluster.

    pip install 'dask[bag]'
    python3 docs/recipes/study.py links.txt answers.jsonl

links.txt holds a link a line; answers.jsonl gets a JSON object a line, in the same order. The work itself is done by
`tandem eval --batch` (or another verb: --verb frontier --metric cost), a filter from lines to lines; this file only cuts
the links into shards, lets Dask hand them out, and puts the answers together again.

Whatever ends it (Ctrl-C, a reboot), starting it again goes on with the shards that are not done: each is a file in
answers.jsonl.parts/, which takes its name only when it is whole. With --scheduler tcp://host:8786 the shards go to a
Dask cluster whose workers see the same files (pip install 'dask[distributed]').
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import dask
import dask.bag
from dask.diagnostics import ProgressBar

CHUNK = 1 << 20


def cut(links: Path, lines_each: int) -> tuple[list[tuple[int, int, int]], str]:
    """Shards as (start, end, lines) in bytes of the file, and a digest of the whole, in one pass."""
    shards: list[tuple[int, int, int]] = []
    digest = hashlib.sha256()
    start = at = lines = 0
    with links.open("rb") as file:
        for line in file:
            digest.update(line)
            at += len(line)
            lines += 1
            if lines == lines_each:
                shards.append((start, at, lines))
                start, lines = at, 0
    if lines:
        shards.append((start, at, lines))
    return shards, digest.hexdigest()


def answer(job: dict) -> int:
    """Runs one shard through the filter; returns how many lines it has."""
    part = Path(job["part"])
    if part.exists():
        return job["lines"]
    half = part.with_suffix(f".{os.getpid()}.half")
    with half.open("wb") as out:
        child = subprocess.Popen(job["command"], stdin=subprocess.PIPE, stdout=out)

        def feed() -> None:
            with open(job["links"], "rb") as file, child.stdin as pipe:
                file.seek(job["start"])
                left = job["end"] - job["start"]
                try:
                    while left > 0 and (piece := file.read(min(CHUNK, left))):
                        pipe.write(piece)
                        left -= len(piece)
                except BrokenPipeError:
                    pass  # The exit code tells why.

        feeder = threading.Thread(target=feed)
        feeder.start()
        code = child.wait()
        feeder.join()
        out.flush()
        os.fsync(out.fileno())
    with half.open("rb") as file:
        found = sum(piece.count(b"\n") for piece in iter(lambda: file.read(CHUNK), b""))
    if code != 0 or found != job["lines"]:
        half.unlink()
        raise RuntimeError(f"{' '.join(job['command'])} ended with {code} after {found} of {job['lines']} answers")
    os.replace(half, part)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("links", type=Path, help="a link a line")
    parser.add_argument("answers", type=Path, help="where the answers go, a JSON object a line")
    parser.add_argument("--verb", default="eval", choices=["eval", "frontier", "size", "sensitivity", "replay"])
    parser.add_argument("--shard", type=int, default=20_000, metavar="N", help="links to a shard (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N", help="processes (default: %(default)s)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster in place of this machine's processes")
    parser.add_argument("--tandem", default=shutil.which("tandem") or "target/release/tandem", help="the program")
    parser.add_argument("--keep", action="store_true", help="keep the shards' answers after they are put together")
    own, more = parser.parse_known_args()  # What is left goes to the verb.
    if own.shard < 1 or own.workers < 1:
        parser.error("--shard and --workers are at least 1")

    command = [own.tandem, own.verb, "--batch", *more]
    version = subprocess.run([own.tandem, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    shards, digest = cut(own.links, own.shard)
    parts = own.answers.with_name(own.answers.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)

    # Answers of other links, another verb or another Tandem must not be mixed with these.
    plan = {"links": digest, "shard": own.shard, "command": command[1:], "version": version}
    note = parts / "plan.json"
    if note.exists() and json.loads(note.read_text()) != plan:
        print(f"study: {parts} holds the answers of another study: remove it, or choose another name", file=sys.stderr)
        return 1
    note.write_text(json.dumps(plan))
    for half in parts.glob("*.half"):
        half.unlink()

    jobs = [
        {"part": str(parts / f"{index:06}.jsonl"), "links": str(own.links.resolve()), "command": command,
         "start": start, "end": end, "lines": lines}
        for index, (start, end, lines) in enumerate(shards)
    ]
    open_jobs = [job for job in jobs if not Path(job["part"]).exists()]
    total = sum(job["lines"] for job in jobs)
    print(f"study: {total} links in {len(jobs)} shards, {len(jobs) - len(open_jobs)} done before", file=sys.stderr)
    if open_jobs:
        # One partition a shard, so that each is handed out, and done, on its own.
        bag = dask.bag.from_sequence(open_jobs, npartitions=len(open_jobs)).map(answer)
        if own.scheduler:
            from distributed import Client, progress

            with Client(own.scheduler):
                bag = bag.persist()
                progress(bag)
                bag.compute()
        else:
            with ProgressBar(out=sys.stderr, dt=0.5):
                bag.compute(scheduler="processes", num_workers=own.workers, chunksize=1)

    half = own.answers.with_name(own.answers.name + ".half")
    with half.open("wb") as out:
        for job in jobs:
            with open(job["part"], "rb") as part:
                shutil.copyfileobj(part, out, CHUNK)
    os.replace(half, own.answers)
    if not own.keep:
        shutil.rmtree(parts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
