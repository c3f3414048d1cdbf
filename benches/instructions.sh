#!/usr/bin/env bash
# Counts the instructions of SEND, POLL and RECEIVE on fixed inputs and compares
# them with benches/instructions.txt; more than 2 % above is a failure. Needs
# valgrind. `benches/instructions.sh --record` writes the file instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TIMES=20
record=${1:-}
known=benches/instructions.txt

cargo build --release -q -p ramson-benches --example instructions
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# By their whole names: closures within them would switch counting off again.
counted=()
for name in seal deliver poll receive; do
    counted+=("--toggle-collect=instructions::counted_$name")
done

failed=0
: > "$work/new"
for what in send poll receive; do
    valgrind --tool=callgrind --callgrind-out-file="$work/$what.out" \
        "${counted[@]}" \
        "$target/release/examples/instructions" "$what" 2> "$work/$what.err" \
        || { cat "$work/$what.err" >&2; exit 1; }
    all=$(sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$work/$what.out" | tail -1)
    count=$((all / TIMES))
    [ "$count" -gt 0 ] || { echo "nothing was counted for $what" >&2; exit 1; }
    echo "$what $count" >> "$work/new"
    before=$(awk -v what="$what" '$1 == what { print $2 }' "$known" 2> /dev/null || true)
    if [ -n "$before" ]; then
        ratio=$(awk -v a="$count" -v b="$before" 'BEGIN { printf "%.4f", a / b }')
        verdict=$(awk -v r="$ratio" 'BEGIN { print (r <= 1.02) ? "met" : "MISSED" }')
        [ "$verdict" = met ] || failed=1
        printf '%-8s %10d instructions, recorded %10d, ratio %s, goal <= 1.02: %s\n' \
            "$what" "$count" "$before" "$ratio" "$verdict"
    else
        printf '%-8s %10d instructions, nothing recorded\n' "$what" "$count"
    fi
done

if [ "$record" = --record ]; then
    cp "$work/new" "$known"
    echo "recorded in $known"
    exit 0
fi
exit "$failed"
