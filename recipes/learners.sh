#!/usr/bin/env bash
# From a clone of speechocean762 (docs/corpora.md) to manifests of its training half, of 13 speakers of it that are
# held out for development, and of its test half:
#
#     bash recipes/learners.sh SPEECHOCEAN762 OUT
#
# `stapes corpus prepare` leaves out of the training half what the other two say (docs/corpora.md).
set -euo pipefail

corpus=${1:?a clone of speechocean762 is expected} out=${2:?a folder for the manifests is expected}
if [[ ! -f $corpus/train/wav.scp ]]; then
  echo "$0: $corpus holds no train/wav.scp; a clone of https://github.com/jimbozhang/speechocean762 is expected" >&2
  exit 2
fi
corpus=$(realpath "$corpus")
kaldi=$(mktemp -d)
trap 'rm -r "$kaldi"' EXIT
development=' 0054 0104 0575 0960 1064 2036 2168 2251 3002 3068 3208 3636 5195 '

part() { # NAME HALF speakers that belong to it: in or out of the development ones, or all
  mkdir "$kaldi/$1"
  awk -v which="$3" -v held="$development" -v corpus="$corpus" -v to="$kaldi/$1/" '
    { rest = $0; sub(/^[^ \t]+[ \t]+/, "", rest) }
    FILENAME ~ /utt2spk$/ { inside = index(held, " " $2 " ") > 0; if (which == "all" || (which == "in") == inside) speaker[$1] = $2 }
    FILENAME ~ /wav.scp$/ { path[$1] = $2 }
    FILENAME ~ /text$/ && $1 in speaker {
      print "learners-" $1, "learner-" speaker[$1] > (to "utt2spk")
      print "learners-" $1, corpus "/" path[$1] > (to "wav.scp")
      print "learners-" $1, rest > (to "text")
    }
  ' "$corpus/$2/utt2spk" "$corpus/$2/wav.scp" "$corpus/$2/text"
  stapes corpus import kaldi "$kaldi/$1" "$out"
}
part learners train out
part dev-learners train in
part test-learners test all
