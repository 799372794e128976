/* Prints the words of 16-bit mono samples at 16 kHz, as they are heard: transcribe MODEL [BEAM] < SAMPLES */
#include <stdio.h>
#include <stdlib.h>

#include "stapes.h"

enum { kBlockSamples = 3200 };

/* Hears one block of standard input; 0 at the end of the input. */
static size_t hear_block(stapes_stream* stream, stapes_error* error) {
  int16_t samples[kBlockSamples];
  const size_t count = fread(samples, sizeof samples[0], kBlockSamples, stdin);
  if (stapes_stream_push_int16(stream, samples, count, error) != STAPES_OK) return 0;
  return count;
}

static stapes_status print_partial(stapes_stream* stream, stapes_error* error) {
  stapes_result* result = NULL;
  if (stapes_stream_result(stream, &result, error) == STAPES_OK) {
    fprintf(stderr, "\r%s", stapes_result_text(result));
    stapes_result_free(result);
  }
  return error->status;
}

static stapes_status print_final(stapes_stream* stream, stapes_error* error) {
  stapes_result* result = NULL;
  if (stapes_stream_finish(stream, error) != STAPES_OK) return error->status;
  if (stapes_stream_result(stream, &result, error) != STAPES_OK) return error->status;
  fprintf(stderr, "\r");
  for (size_t index = 0; index < stapes_result_word_count(result); ++index) {
    const stapes_word word = stapes_result_words(result)[index];
    printf("%s %.2f %.2f %.3f\n", word.text, word.start_seconds, word.end_seconds, word.confidence);
  }
  stapes_result_free(result);
  return STAPES_OK;
}

int main(int argc, char** argv) {
  stapes_error error = {STAPES_OK, ""};
  stapes_model* model = NULL;
  stapes_stream* stream = NULL;
  if (argc < 2) {
    fprintf(stderr, "transcribe MODEL [BEAM] < SAMPLES\n");
    return 2;
  }
  if (stapes_model_open(argv[1], &model, &error) == STAPES_OK &&
      stapes_stream_new(model, argc > 2 ? atoi(argv[2]) : 16, &stream, &error) == STAPES_OK) {
    while (hear_block(stream, &error) > 0 && print_partial(stream, &error) == STAPES_OK) {
    }
    if (error.status == STAPES_OK) print_final(stream, &error);
  }
  if (error.status != STAPES_OK) fprintf(stderr, "%s\n", error.text);
  stapes_stream_free(stream);
  stapes_model_free(model);
  return error.status == STAPES_OK ? 0 : 1;
}
