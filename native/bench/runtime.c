/* What the C API costs, without Python: see benchmarks/native.py. Every line of output is a JSON object.

   runtime load MODEL                            the first opening in this process, and what it takes in memory
   runtime hear MODEL BEAM CHUNK_MS SOUND...     each recording by itself; its words after it has ended
   runtime partial MODEL BEAM CHUNK_MS SOUND...  each chunk, with the words so far
   runtime streams MODEL BEAM CHUNK_MS COUNT TOGETHER SOUND...
                                                 COUNT streams in turn, TOGETHER (64 at most) of them in one call; 0 for each alone
   runtime hold MODEL                            opens, hears nothing, and waits for the end of its input

   A sound holds 16-bit samples at 16 kHz. Times are those of the thread, but for `wall`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stapes.h"

enum { kRateHz = 16000 };

typedef struct sound {
  int16_t* samples;
  size_t count;
} sound;

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cpu(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }

/* Most memory at once since this program began; getrusage() would count that of the program that started it. */
static long peak_kib(void) {
  long kib = 0;
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) kib = atol(line + 6);
  }
  if (status != NULL) fclose(status);
  return kib;
}

static void check(const stapes_error* error) {
  if (error->status == STAPES_OK) return;
  fprintf(stderr, "%s\n", error->text);
  exit(1);
}

static sound read_sound(const char* path) {
  sound read = {NULL, 0};
  FILE* file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "%s: cannot be read\n", path);
    exit(1);
  }
  read.count = (size_t)ftell(file) / sizeof(int16_t);
  read.samples = malloc(read.count * sizeof(int16_t) + 1);
  rewind(file);
  if (fread(read.samples, sizeof(int16_t), read.count, file) != read.count) exit(1);
  fclose(file);
  return read;
}

static size_t at_most(size_t count, size_t most) { return count < most ? count : most; }

static stapes_model* open_model(const char* path) {
  stapes_error error;
  stapes_model* model = NULL;
  stapes_model_open(path, &model, &error);
  check(&error);
  return model;
}

static stapes_stream* new_stream(const stapes_model* model, int beam) {
  stapes_error error;
  stapes_stream* stream = NULL;
  stapes_stream_new(model, beam, &stream, &error);
  check(&error);
  return stream;
}

static void push(stapes_stream* stream, const int16_t* samples, size_t count) {
  stapes_error error;
  stapes_stream_push_int16(stream, samples, count, &error);
  check(&error);
}

static stapes_result* words(stapes_stream* stream) {
  stapes_error error;
  stapes_result* result = NULL;
  stapes_stream_result(stream, &result, &error);
  check(&error);
  return result;
}

static void load(const char* path) {
  const double began_wall = seconds(CLOCK_MONOTONIC), began = cpu();
  stapes_model* model = open_model(path);
  const double took = cpu() - began, took_wall = seconds(CLOCK_MONOTONIC) - began_wall;
  printf("{\"seconds\": %.6f, \"wall\": %.6f, \"peak_kib\": %ld, \"kernels\": \"%s\"}\n", took, took_wall, peak_kib(),
         stapes_kernels());
  stapes_model_free(model);
}

static void hear(const char* path, int beam, size_t chunk, char** paths, int count) {
  stapes_error error;
  stapes_model* model = open_model(path);
  for (int index = 0; index < count; ++index) {
    const sound heard = read_sound(paths[index]);
    const double began = cpu();
    stapes_stream* stream = new_stream(model, beam);
    for (size_t at = 0; at < heard.count; at += chunk) {
      push(stream, heard.samples + at, at_most(chunk, heard.count - at));
    }
    stapes_stream_finish(stream, &error);
    check(&error);
    stapes_result* result = words(stream);
    const double took = cpu() - began;
    printf("{\"seconds\": %.6f, \"duration\": %.3f, \"peak_kib\": %ld, \"text\": \"%s\"}\n", took,
           (double)heard.count / kRateHz, peak_kib(), stapes_result_text(result));
    stapes_result_free(result);
    stapes_stream_free(stream);
    free(heard.samples);
  }
  stapes_model_free(model);
}

static void partial(const char* path, int beam, size_t chunk, char** paths, int count) {
  stapes_model* model = open_model(path);
  for (int index = 0; index < count; ++index) {
    const sound heard = read_sound(paths[index]);
    stapes_stream* stream = new_stream(model, beam);
    for (size_t at = 0; at + chunk <= heard.count; at += chunk) {
      const double began = cpu();
      push(stream, heard.samples + at, chunk);
      stapes_result* result = words(stream);
      printf("{\"seconds\": %.6f}\n", cpu() - began);
      stapes_result_free(result);
    }
    stapes_stream_free(stream);
    free(heard.samples);
  }
  stapes_model_free(model);
}

/* Where each of many streams is in its sound, which begins again at its end. */
typedef struct listener {
  stapes_stream* stream;
  const sound* heard;
  size_t at;
} listener;

static const int16_t* next_chunk(listener* own, size_t chunk) {
  if (own->at + chunk > own->heard->count) own->at = 0;
  const int16_t* samples = own->heard->samples + own->at;
  own->at += chunk;
  return samples;
}

static void push_alone(listener* listeners, size_t count, size_t chunk) {
  for (size_t index = 0; index < count; ++index) {
    push(listeners[index].stream, next_chunk(&listeners[index], chunk), chunk);
  }
}

static void push_together(listener* listeners, size_t count, size_t chunk) {
  enum { kMost = 64 };
  stapes_error error;
  stapes_stream* streams[kMost];
  const int16_t* samples[kMost];
  size_t counts[kMost];
  for (size_t index = 0; index < count; ++index) {
    streams[index] = listeners[index].stream;
    samples[index] = next_chunk(&listeners[index], chunk);
    counts[index] = chunk;
  }
  stapes_streams_push_int16(streams, samples, counts, count, &error);
  check(&error);
}

static void push_all(listener* listeners, size_t count, size_t together, size_t chunk) {
  if (together == 0) return push_alone(listeners, count, chunk);
  for (size_t index = 0; index < count; index += together) {
    push_together(listeners + index, at_most(together, count - index), chunk);
  }
}

/* Each stream hears the sounds in turn, from another place, for two seconds and then for `rounds` chunks. */
static void streams(const char* path, int beam, size_t chunk, size_t count, size_t together, char** paths,
                    int sound_count) {
  const size_t rounds = 4 * kRateHz / chunk, warm_up = 2 * kRateHz / chunk;
  stapes_model* model = open_model(path);
  sound* sounds = calloc((size_t)sound_count, sizeof *sounds);
  listener* listeners = calloc(count, sizeof *listeners);
  for (int index = 0; index < sound_count; ++index) sounds[index] = read_sound(paths[index]);
  for (size_t index = 0; index < count; ++index) {
    const sound* own = &sounds[index % (size_t)sound_count];
    listeners[index] = (listener){new_stream(model, beam), own, (index * 7919) % own->count};
  }
  double took = 0, longest = 0;
  for (size_t round = 0; round < warm_up + rounds; ++round) {
    const double began = cpu();
    push_all(listeners, count, together, chunk);
    const double own = cpu() - began;
    if (round < warm_up) continue;
    took += own;
    if (own > longest) longest = own;
  }
  printf("{\"seconds\": %.6f, \"longest\": %.6f, \"duration\": %.3f, \"peak_kib\": %ld}\n", took, longest,
         (double)(rounds * count * chunk) / kRateHz, peak_kib());
  for (size_t index = 0; index < count; ++index) stapes_stream_free(listeners[index].stream);
  for (int index = 0; index < sound_count; ++index) free(sounds[index].samples);
  free(listeners);
  free(sounds);
  stapes_model_free(model);
}

static void hold(const char* path) {
  stapes_model* model = open_model(path);
  printf("{\"peak_kib\": %ld}\n", peak_kib());
  fflush(stdout);
  while (getchar() != EOF) {
  }
  stapes_model_free(model);
}

int main(int argc, char** argv) {
  const char* verb = argc > 2 ? argv[1] : "";
  const int beam = argc > 3 ? atoi(argv[3]) : 1;
  const size_t chunk = argc > 4 ? (size_t)atoi(argv[4]) * kRateHz / 1000 : kRateHz;
  if (strcmp(verb, "load") == 0) {
    load(argv[2]);
  } else if (strcmp(verb, "hear") == 0) {
    hear(argv[2], beam, chunk, argv + 5, argc - 5);
  } else if (strcmp(verb, "partial") == 0) {
    partial(argv[2], beam, chunk, argv + 5, argc - 5);
  } else if (strcmp(verb, "streams") == 0 && argc > 7) {
    streams(argv[2], beam, chunk, (size_t)atoi(argv[5]), (size_t)atoi(argv[6]), argv + 7, argc - 7);
  } else if (strcmp(verb, "hold") == 0) {
    hold(argv[2]);
  } else {
    fprintf(stderr, "runtime load|hear|partial|streams|hold MODEL ...\n");
    return 2;
  }
  return 0;
}
