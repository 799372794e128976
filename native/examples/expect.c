/* Listens for phrases of the user in 16-bit mono samples at 16 kHz, prints the words, and writes what may have been said to the
   file LATTICE, in its wire form: expect MODEL LATTICE [PHRASE | @CLASS=NAME,NAME...]... < SAMPLES

   expect en-assistant.stapes heard.lattice "call @contact" "@contact=siobhan,o'neil" < command.raw */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stapes.h"

enum { kBeam = 8, kBlockSamples = 5120, kMost = 64 };

typedef struct lists {
  stapes_phrase phrases[kMost];
  size_t phrase_count;
  stapes_class classes[kMost];
  stapes_phrase names[kMost][kMost];
  size_t class_count;
} lists;

/* Cuts "@CLASS=NAME,NAME" into its parts; 0 if there is no room. */
static int add_class(lists* to, char* text) {
  if (to->class_count == kMost) return 0;
  stapes_phrase* names = to->names[to->class_count];
  stapes_class* own = &to->classes[to->class_count++];
  own->name = strtok(text + 1, "=");
  own->names = names;
  for (char* name = strtok(NULL, ","); name != NULL; name = strtok(NULL, ",")) {
    if (own->name_count == kMost) return 0;
    names[own->name_count++] = (stapes_phrase){name, 1.0};
  }
  return 1;
}

static int add(lists* to, char* text) {
  if (text[0] == '@' && strchr(text, '=') != NULL) return add_class(to, text);
  if (to->phrase_count == kMost) return 0;
  to->phrases[to->phrase_count++] = (stapes_phrase){text, 1.0};
  return 1;
}

static void print_words(stapes_stream* stream, stapes_error* error) {
  stapes_result* result = NULL;
  if (stapes_stream_result(stream, &result, error) == STAPES_OK) printf("%s\n", stapes_result_text(result));
  stapes_result_free(result);
}

static void write_lattice(stapes_stream* stream, const char* path, stapes_error* error) {
  stapes_lattice* lattice = NULL;
  if (stapes_stream_lattice(stream, 1e-4, &lattice, error) == STAPES_OK) {
    FILE* file = fopen(path, "wb");
    const size_t size = stapes_lattice_size(lattice);
    if (file == NULL || fwrite(stapes_lattice_bytes(lattice), 1, size, file) != size) {
      fprintf(stderr, "%s: cannot be written\n", path);
    }
    if (file != NULL) fclose(file);
  }
  stapes_lattice_free(lattice);
}

static void hear(stapes_stream* stream, const char* path, stapes_error* error) {
  int16_t samples[kBlockSamples];
  for (size_t count = 1; count > 0 && error->status == STAPES_OK;) {
    count = fread(samples, sizeof samples[0], kBlockSamples, stdin);
    stapes_stream_push_int16(stream, samples, count, error);
  }
  if (error->status == STAPES_OK && stapes_stream_finish(stream, error) == STAPES_OK) print_words(stream, error);
  if (error->status == STAPES_OK) write_lattice(stream, path, error);
}

int main(int argc, char** argv) {
  static lists given;
  stapes_error error = {STAPES_OK, ""};
  stapes_model* model = NULL;
  stapes_phrases* phrases = NULL;
  stapes_stream* stream = NULL;
  for (int index = 3; index < argc; ++index) {
    if (!add(&given, argv[index])) argc = 0;
  }
  if (argc < 3) {
    fprintf(stderr, "expect MODEL LATTICE [PHRASE | @CLASS=NAME,NAME...]... < SAMPLES (at most %d of each)\n", kMost);
    return 2;
  }
  if (stapes_model_open(argv[1], &model, &error) == STAPES_OK &&
      stapes_phrases_new(model, given.phrases, given.phrase_count, given.classes, given.class_count, &phrases, &error) ==
          STAPES_OK &&
      stapes_stream_new_with_phrases(model, kBeam, phrases, &stream, &error) == STAPES_OK) {
    hear(stream, argv[2], &error);
  }
  if (error.status != STAPES_OK) fprintf(stderr, "%s\n", error.text);
  stapes_stream_free(stream);
  stapes_phrases_free(phrases);
  stapes_model_free(model);
  return error.status == STAPES_OK ? 0 : 1;
}
