#!/usr/bin/env bash
# From the sets that docs/corpora.md describes to a model like the bundled one, on one machine:
#
#     bash recipes/assistant-en.sh DATA OUT [KOKORO]
#
# KOKORO, the folder of that engine's model (docs/corpora.md tells how to get it), adds natural voices. pico2wave must be
# installed. A run that was stopped goes on where it was.
#
# On one core it takes about ten hours and the time of the fits at the end, by measured rates: 22 minutes for 86 000
# sentences by Pico (65 a second), 2 for 12 000 by eSpeak, 100 for 3 000 by Kokoro (1.7 s of speech a second), 7.4 hours for
# 20 000 training steps (76 s of speech a second; on a GPU it was not timed). All cores speak. Speech takes 4 GB of disk, and
# training 9 GB for a copy of it.
set -euo pipefail

data=$1 out=$2 kokoro=${3:-}
recipe=$(dirname "$0")/assistant-en.toml
jobs=$(nproc)
held_out=()
if ! command -v pico2wave > /dev/null; then
  echo "$0: pico2wave is not installed; Debian has it in libttspico-utils" >&2
  exit 2
fi
if [[ $kokoro && ! -f $kokoro/vocab.json ]]; then
  echo "$0: $kokoro holds no vocab.json; the folder that docs/corpora.md describes is expected" >&2
  exit 2
fi
mkdir -p "$out"

stapes corpus prepare "$data" "$out/sets" --recombine 30000
for part in "$out"/sets/dev-*.jsonl "$out"/sets/test-an4.jsonl; do
  if [[ -e $part ]]; then held_out+=(--exclude "$part"); fi
done
stapes corpus drill "$out/sets/text.txt" "$out/drills.txt" --count 12000

speak() { # SET ENGINE TEXTS SEED …
  stapes corpus synthesise "$3" "$out/$1" --engine "$2" --seed "$4" --jobs "$jobs" "${held_out[@]}" "${@:5}"
}
speak pico pico "$out/sets/text.txt" 0
speak pico pico "$out/drills.txt" 0
speak pico pico "$out/drills.txt" 1
speak espeak espeak "$out/drills.txt" 0
grep -E '^[^ ]+$' "$out/drills.txt" > "$out/short.txt"
speak short pico "$out/short.txt" 2
extras=(--extra "short=$out/short/manifest.jsonl" --extra "pico=$out/pico/manifest.jsonl" --extra "espeak=$out/espeak/manifest.jsonl")
if [[ $kokoro ]]; then
  shuf -n 3000 --random-source=<(yes) "$out/drills.txt" > "$out/few.txt"
  speak kokoro kokoro "$out/few.txt" 0 --kokoro "$kokoro"
  extras+=(--extra "synthetic=$out/kokoro/manifest.jsonl")
fi

stapes corpus prepare "$data" "$out/data" --recombine 100000 "${extras[@]}"
stapes train "$recipe" --data "$out/data" --out "$out/run"
stapes compress "$out/run/best.safetensors" "$out/en-assistant.stapes" --size 5MB --text "$out/data/text.txt" \
  --data "$out/data/dev-an4.jsonl" --data "$out/data/dev-synthetic.jsonl"
stapes endpoints "$out/en-assistant.stapes" --data "$out/data" --out "$out/en-assistant.stapes"
stapes calibrate "$out/en-assistant.stapes" --out "$out/en-assistant.stapes" \
  --data "$out/data/dev-an4.jsonl" --data "$out/data/dev-synthetic.jsonl"
