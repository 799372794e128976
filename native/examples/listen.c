/* Tells what is said in 16-bit mono samples at 16 kHz, as it is said: listen MODEL [ENDPOINT [BEAM [PHRASE...]]] < SAMPLES */
#include <stdio.h>
#include <stdlib.h>

#include "stapes.h"

enum { kBlockSamples = 1600, kMostPhrases = 100 };

static void print_words(const stapes_event* event) {
  for (size_t index = 0; index < event->word_count; ++index) {
    const stapes_word word = event->words[index];
    printf(" %s %.2f %.2f %.3f", word.text, word.start_seconds, word.end_seconds, word.confidence);
  }
}

static void print_event(const stapes_event* event) {
  static const char* const kNames[] = {"partial", "speculative", "reset", "revised", "confirmed", "final"};
  printf("%lld %.2f %s", (long long)event->utterance, event->time_seconds, kNames[event->kind]);
  switch (event->kind) {
    case STAPES_PARTIAL:
      printf(": %s | %s", event->stable, event->text);
      break;
    case STAPES_SPECULATIVE:
    case STAPES_REVISED:
      printf(" %.3f from %.2f:", event->probability, event->begin_seconds);
      print_words(event);
      break;
    case STAPES_FINAL:
      printf(" (%s):", event->reason);
      print_words(event);
      break;
    default:
      break;
  }
  printf("\n");
}

static void print_events(stapes_events* events) {
  for (size_t index = 0; index < stapes_events_count(events); ++index) print_event(stapes_events_at(events, index));
  stapes_events_free(events);
}

/* Whether there is more to hear. */
static int hear_block(stapes_session* session, stapes_error* error) {
  int16_t samples[kBlockSamples];
  stapes_events* events = NULL;
  const size_t count = fread(samples, sizeof samples[0], kBlockSamples, stdin);
  if (count == 0) {
    stapes_session_finish(session, &events, error);
  } else {
    stapes_session_push_int16(session, samples, count, &events, error);
  }
  print_events(events);
  return count > 0 && error->status == STAPES_OK;
}

static stapes_status open_session(const stapes_model* model, int argc, char** argv, stapes_session** session,
                                  stapes_error* error) {
  stapes_phrase texts[kMostPhrases];
  stapes_phrases* phrases = NULL;
  const char* const endpoint = argc > 2 ? argv[2] : "normal";
  const int beam = argc > 3 ? atoi(argv[3]) : 16;
  size_t count = 0;
  for (int index = 4; index < argc && count < kMostPhrases; ++index) texts[count++] = (stapes_phrase){argv[index], 1.0};
  if (count == 0) return stapes_session_new(model, beam, endpoint, session, error);
  if (stapes_phrases_new(model, texts, count, NULL, 0, &phrases, error) == STAPES_OK) {
    stapes_session_new_with_phrases(model, beam, endpoint, phrases, session, error);
  }
  stapes_phrases_free(phrases);
  return error->status;
}

int main(int argc, char** argv) {
  stapes_error error = {STAPES_OK, ""};
  stapes_model* model = NULL;
  stapes_session* session = NULL;
  if (argc < 2) {
    fprintf(stderr, "listen MODEL [ENDPOINT [BEAM [PHRASE...]]] < SAMPLES\n");
    return 2;
  }
  if (stapes_model_open(argv[1], &model, &error) == STAPES_OK &&
      open_session(model, argc, argv, &session, &error) == STAPES_OK) {
    while (hear_block(session, &error)) {
    }
  }
  if (error.status != STAPES_OK) fprintf(stderr, "%s\n", error.text);
  stapes_session_free(session);
  stapes_model_free(model);
  return error.status == STAPES_OK ? 0 : 1;
}
