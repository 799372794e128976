#!/usr/bin/env bash
# From the sets that docs/corpora.md describes to models like the bundled ones, large and small, on one machine:
#
#     bash recipes/assistant-en.sh DATA CLONES OUT [KOKORO]
#
# CLONES is a folder for repositories with real speech (recipes/found.py), which are cloned there, 3 GB in all.
# KOKORO, the folder of that engine's model (docs/corpora.md tells how to get it), adds natural voices. pico2wave, RHVoice, the
# dictionary WordNet, three games with free speech and the packages of sounds must be installed. A run that was stopped goes on
# where it was.
#
# On two cores it takes about seven hours, by measured rates: 20 minutes for 130 000 sentences by Hibari (110 a second), 7 for 26 000 by
# Pico, 2 for 18 000 by eSpeak, 10 for 6 000 by RHVoice, 7 for words in many voices, 4.5 hours for 12 000 training steps of the
# large model (180 s of speech a second; on a GPU it was not timed), half an hour for the small one, and as long for the fits of
# both. Speech takes 8 GB of disk, and each training 18 GB for a copy of it; two processes of the large one
# grow to 21 GB of memory, or to 6 GB with the allocator jemalloc, which is used where it is installed (Debian: libjemalloc2).
set -euo pipefail

data=$1 clones=$2 out=${3:?DATA CLONES OUT are expected} kokoro=${4:-}
here=$(dirname "$0")
wordnet=${WORDNET:-/usr/share/wordnet}
games=${GAMES:-/usr/share/scummvm}
sounds=${SOUNDS:-/usr/share}
noises=(games/{bzflag,colobot,enigma,lincity-ng,minetest,searchandrescue,simutrans,supertux2/music,supertux2/sounds,trackballs/sfx,warzone2100/music,wesnoth,xmoto}
  hydrogen/data/drumkits sonic-pi/samples)
jobs=$(nproc)
held_out=()
if ! command -v pico2wave > /dev/null; then
  echo "$0: pico2wave is not installed; Debian has it in libttspico-utils" >&2
  exit 2
fi
if ! command -v RHVoice-test > /dev/null; then
  echo "$0: RHVoice-test is not installed; Debian has it in rhvoice, its English voices in rhvoice-english" >&2
  exit 2
fi
if [[ ! -f $wordnet/data.noun ]]; then
  echo "$0: $wordnet holds no data.noun; Debian has WordNet in wordnet-base, and WORDNET names another folder" >&2
  exit 2
fi
for game in beneath-a-steel-sky/sky.dsk flight-of-the-amazon-queen/queen.1c drascula/en/drascula.dat; do
  if [[ ! -f $games/$game ]]; then
    echo "$0: $games holds no $game; Debian has it in ${game%%/*}, and GAMES names another folder" >&2
    exit 2
  fi
done
for noise in "${noises[@]}"; do
  if [[ ! -d $sounds/$noise ]]; then
    echo "$0: $sounds holds no $noise; docs/corpora.md names its Debian package, and SOUNDS another folder" >&2
    exit 2
  fi
done
if [[ $kokoro && ! -f $kokoro/vocab.json ]]; then
  echo "$0: $kokoro holds no vocab.json; the folder that docs/corpora.md describes is expected" >&2
  exit 2
fi
mkdir -p "$out"

learners=$clones/jimbozhang/speechocean762
[[ -d $learners ]] || git clone --depth 1 https://github.com/jimbozhang/speechocean762 "$learners"
bash "$here/learners.sh" "$learners" "$out/learners"
python "$here/found.py" "$clones" "$out/found" --heard "$data/single-words/manifest.jsonl"
measured=(--measured "cv=$out/found/dev-cv.jsonl")
for part in dev test; do measured+=(--measured "learners=$out/learners/$part-learners.jsonl"); done
stapes corpus prepare "$data" "$out/sets" --recombine 120000 "${measured[@]}"
for part in "$out"/sets/dev-*.jsonl "$out/sets/test-an4.jsonl" "$out"/learners/{dev,test}-learners.jsonl "$out/found/dev-cv.jsonl"; do
  if [[ -e $part ]]; then held_out+=(--exclude "$part"); fi
done
texts=$out/texts
mkdir -p "$texts"
stapes corpus drill "$out/sets/text.txt" "$texts/all-drills.txt" --count 16000
# What unheard engines will say is never said by heard ones.
grep -vxFf <(cat "$here"/../benchmarks/sentences/*.txt) "$texts/all-drills.txt" > "$texts/drills.txt"
stapes corpus examples "$wordnet" "$texts/examples.txt"
intents=$(python -c 'import home_assistant_intents as h; print(h.__path__[0])')/data/en.json
names=(--class name="$here/home/names.txt" --class area="$here/home/areas.txt" --class floor="$here/home/floors.txt")
stapes corpus sample "$intents" "$texts/home.txt" --count 30000 "${names[@]}"
shuf --random-source=<(yes) "$out/sets/text.txt" > "$texts/shuffled.txt"
head -n 45000 "$texts/shuffled.txt" > "$texts/most.txt"
sed -n 45001,65000p "$texts/shuffled.txt" > "$texts/some.txt"
sed -n 65001,83000p "$texts/shuffled.txt" > "$texts/few.txt"
sed -n 83001,89000p "$texts/shuffled.txt" > "$texts/fewest.txt"
grep -E '^[^ ]+$' "$texts/drills.txt" > "$texts/short.txt"
shuf -n 6000 --random-source=<(yes) "$texts/drills.txt" > "$texts/fewer-drills.txt"

speak() { # SET ENGINE TEXTS SEED …
  stapes corpus synthesise "$3" "$out/$1" --engine "$2" --seed "$4" --jobs "$jobs" "${held_out[@]}" "${@:5}"
}
for text in drills most home; do speak hibari hibari "$texts/$text.txt" 0; done
speak examples hibari "$texts/examples.txt" 0
for engine in hibari pico espeak; do speak short "$engine" "$texts/short.txt" 2; done
speak pico pico "$texts/fewer-drills.txt" 1
speak pico pico "$texts/some.txt" 0
speak espeak espeak "$texts/few.txt" 0
speak rhvoice rhvoice "$texts/fewest.txt" 0
# The same few words in many voices, as sets of single words and digits have few speakers.
voices=(hibari:70 espeak:40 pico:30)
if [[ $kokoro ]]; then voices+=(kokoro:8); fi
for voice in "${voices[@]}"; do
  for ((seed = 0; seed < ${voice#*:}; seed++)); do
    speak voiced "${voice%:*}" "$here/words.txt" "$seed" ${kokoro:+--kokoro "$kokoro"}
  done
done
stapes corpus games "$games" "$out/games"
stapes corpus noise "${noises[@]/#/$sounds/}" "$out/noise"
extras=(--extra "learners=$out/learners/learners.jsonl" "${measured[@]}" --measured "commands=$out/sets/test-words.jsonl")
for set in read alphanum commands words clips; do extras+=(--extra "$set=$out/found/$set.jsonl"); done
for set in hibari examples short pico espeak rhvoice voiced games noise; do extras+=(--extra "$set=$out/$set/manifest.jsonl"); done

stapes corpus prepare "$data" "$out/data" --recombine 400000 "${extras[@]}"
# The end-pointer learns from sentences that no training has heard: of others the words come out better than they will.
stapes corpus drill "$out/sets/text.txt" "$texts/new-drills.txt" --count 16000 --seed 1
stapes corpus sample "$intents" "$texts/new-home.txt" --count 5000 --seed 1 "${names[@]}"
{
  sed -n 89001,94500p "$texts/shuffled.txt"
  grep -vxFf <(cat "$here"/../benchmarks/sentences/*.txt "$texts/all-drills.txt") "$texts/new-drills.txt" | head -n 4000
  grep -vxFf "$texts/home.txt" "$texts/new-home.txt" | head -n 1700
} > "$texts/ends.txt" || true # head leaves its pipe early
speak ends hibari "$texts/ends.txt" 3
stapes corpus prepare "$data" "$out/ends-data" --recombine 60000 --extra "hibari=$out/ends/manifest.jsonl"

# ldconfig is often off a user's path, and the list is read to its end, so that no broken pipe ends this script.
jemalloc=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2> /dev/null | awk '/libjemalloc.so.2/ { path = $NF } END { print path }') || true
train() {
  env ${jemalloc:+LD_PRELOAD="$jemalloc" MALLOC_CONF=narenas:2,dirty_decay_ms:120000,muzzy_decay_ms:-1,oversize_threshold:0} stapes train "$@"
}
make_model() { # NAME SIZE
  local recipe=$here/${1/en-assistant/assistant-en}.toml model=$out/$1.stapes
  train "$recipe" --data "$out/data" --out "$out/$1"
  stapes compress "$out/$1/best.safetensors" "$model" --size "$2" --text "$out/data/text.txt" \
    --data "$out/data/dev-an4.jsonl" --data "$out/data/dev-synthetic.jsonl"
  stapes endpoints "$model" --data "$out/ends-data" --out "$model" --streams 11000 --jobs "$jobs"
  stapes calibrate "$model" --out "$model" --data "$out/data/dev-an4.jsonl" --data "$out/data/dev-synthetic.jsonl"
}
make_model en-assistant 5850KB
make_model en-assistant-small 1270KB
