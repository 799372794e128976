/* The C API of stapes: speech recognition on the device. */
#ifndef STAPES_H_
#define STAPES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STAPES_API __attribute__((visibility("default")))

/* Version of the library, "major.minor.patch"; never freed. */
STAPES_API const char* stapes_version(void);

/* Name of the kernels that this CPU runs with: "reference", "avx2", "avx512" or "neon"; never freed. */
STAPES_API const char* stapes_kernels(void);

typedef enum stapes_status {
  STAPES_OK = 0,
  /* A packed model is missing, damaged, hostile or of another version. */
  STAPES_FORMAT = 1,
  /* A setting is out of range. */
  STAPES_CONFIG = 2,
  /* Samples are no sound, or came after the end. */
  STAPES_AUDIO = 3,
  /* There is not enough memory. */
  STAPES_MEMORY = 4,
  /* A mistake of the library or of its caller, such as a null pointer. */
  STAPES_INTERNAL = 5
} stapes_status;

/* Where a function that fails tells why, in one sentence; cut off if it is longer. May be null wherever it is asked for. */
typedef struct stapes_error {
  stapes_status status;
  char text[1024];
} stapes_error;

/* A packed model, ready to run. Any number of streams and threads share it; it may be freed before its streams. */
typedef struct stapes_model stapes_model;
/* One stream of sound; for one thread at a time. */
typedef struct stapes_stream stapes_stream;
/* Words that were heard. */
typedef struct stapes_result stapes_result;

typedef struct stapes_word {
  /* UTF-8; lives as long as the result. */
  const char* text;
  /* From 0 to the duration of the stream. */
  double start_seconds;
  double end_seconds;
  /* From 0 to 1. Of final words after a beam search in a model that holds a calibration: how often such words are right;
     else rough. */
  double confidence;
} stapes_word;

/* Maps the packed model at `path` (UTF-8), checks it and makes it ready. */
STAPES_API stapes_status stapes_model_open(const char* path, stapes_model** model, stapes_error* error);
/* `model` may be null. */
STAPES_API void stapes_model_free(stapes_model* model);

/* A new stream. `beam` histories are followed at once, 1 to 1000: 1 is fastest and knows no language model, 16 is usual. */
STAPES_API stapes_status stapes_stream_new(const stapes_model* model, int beam, stapes_stream** stream,
                                           stapes_error* error);
/* `stream` may be null. */
STAPES_API void stapes_stream_free(stapes_stream* stream);

/* What a user is likely to say. It is added to the open vocabulary, never in its place. */
typedef struct stapes_phrase {
  /* UTF-8, at most 200 characters: words of a to z, in either case, and apostrophes; hyphens and punctuation part words. Of a
     phrase, not of a name, a word may be "@" and the name of a class: "turn on @device". */
  const char* text;
  /* By which its bonus is multiplied, above 0 and at most 10; 1 is usual. */
  double weight;
} stapes_phrase;

/* Names that stand behind "@name" in phrases. */
typedef struct stapes_class {
  /* A letter and then letters, digits and underscores, all in lower case. */
  const char* name;
  const stapes_phrase* names;
  size_t name_count;
} stapes_class;

/* Phrases and classes, made ready for the vocabulary of a model. Any number of streams and threads share them; they may be freed
   before their streams. */
typedef struct stapes_phrases stapes_phrases;

/* Of entries that are spoken alike the first counts. Refuses what cannot be listened for, at most 1000 classes are accepted. */
STAPES_API stapes_status stapes_phrases_new(const stapes_model* model, const stapes_phrase* phrases, size_t phrase_count,
                                            const stapes_class* classes, size_t class_count, stapes_phrases** made,
                                            stapes_error* error);
/* `phrases` may be null. */
STAPES_API void stapes_phrases_free(stapes_phrases* phrases);
/* A new stream that expects `phrases` and knows the language model, whatever `beam` is. Words are written as they are spoken. */
STAPES_API stapes_status stapes_stream_new_with_phrases(const stapes_model* model, int beam, const stapes_phrases* phrases,
                                                        stapes_stream** stream, stapes_error* error);

/* Hears `count` further samples, mono at 16 kHz: floats in [-1, 1], or 16-bit integers. What is heard does not depend on how
   the sound is cut. */
STAPES_API stapes_status stapes_stream_push(stapes_stream* stream, const float* samples, size_t count,
                                            stapes_error* error);
STAPES_API stapes_status stapes_stream_push_int16(stapes_stream* stream, const int16_t* samples, size_t count,
                                                  stapes_error* error);
/* The same for `stream_count` streams of one model, each of them once: stream i hears counts[i] samples. They share the
   passes over the weights, so that one thread serves more of them; what each hears does not change. */
STAPES_API stapes_status stapes_streams_push_int16(stapes_stream* const* streams, const int16_t* const* samples,
                                                   const size_t* counts, size_t stream_count, stapes_error* error);
/* Ends the stream: what is asked for from now on is final. */
STAPES_API stapes_status stapes_stream_finish(stapes_stream* stream, stapes_error* error);

/* What was heard so far; later words may change earlier ones until the stream is finished. */
STAPES_API stapes_status stapes_stream_result(stapes_stream* stream, stapes_result** result, stapes_error* error);
/* The words with single spaces between them, UTF-8; lives as long as the result. */
STAPES_API const char* stapes_result_text(const stapes_result* result);
STAPES_API size_t stapes_result_word_count(const stapes_result* result);
/* The words in order; they do not overlap. */
STAPES_API const stapes_word* stapes_result_words(const stapes_result* result);
/* `result` may be null. */
STAPES_API void stapes_result_free(stapes_result* result);

/* A word lattice: what may have been said, as a graph over words with times and scores. */
typedef struct stapes_lattice stapes_lattice;

/* What may have been said so far; its best path is the result. Arcs of words whose posterior is below `least_posterior`, from 0
   to 1, are left out; 0.0001 is usual. */
STAPES_API stapes_status stapes_stream_lattice(stapes_stream* stream, double least_posterior, stapes_lattice** lattice,
                                               stapes_error* error);
/* Its wire form, which spec/lattice.md describes; lives as long as the lattice. */
STAPES_API const uint8_t* stapes_lattice_bytes(const stapes_lattice* lattice);
STAPES_API size_t stapes_lattice_size(const stapes_lattice* lattice);
/* `lattice` may be null. */
STAPES_API void stapes_lattice_free(stapes_lattice* lattice);

/* A session hears one stream of sound and tells what is said as events, one utterance after the other; for one thread at a
   time. */
typedef struct stapes_session stapes_session;
/* Events in the order in which they were told. */
typedef struct stapes_events stapes_events;

typedef enum stapes_event_kind {
  /* The text has changed, or more of it has become stable. */
  STAPES_PARTIAL = 0,
  /* The user has probably finished: work without side effects may begin. */
  STAPES_SPECULATIVE = 1,
  /* The words have changed since: what the speculation began is void. */
  STAPES_RESET = 2,
  /* A speculation after a reset. */
  STAPES_REVISED = 3,
  /* The last speculation was right: its work may take effect. */
  STAPES_CONFIRMED = 4,
  /* The utterance has ended; the session listens for the next one. */
  STAPES_FINAL = 5
} stapes_event_kind;

/* Times count from the beginning of the session. All pointers live as long as the events. */
typedef struct stapes_event {
  stapes_event_kind kind;
  /* Number of the utterance, from 0. */
  int64_t utterance;
  /* Sound heard by the session. */
  double time_seconds;
  /* The words so far with single spaces between them, UTF-8; "" of a reset and a confirmation. */
  const char* text;
  /* Of a partial: its first words, which no later event of the utterance changes. */
  const char* stable;
  /* Of a speculation, a revision and a final; they do not overlap. */
  const stapes_word* words;
  size_t word_count;
  /* Of a speculation and a revision: from 0 to 1, that the user has finished; sound heard before the utterance. */
  double probability;
  double begin_seconds;
  /* Of a final: "endpoint", "pause", "no speech", "too long" or "closed"; else "". */
  const char* reason;
} stapes_event;

/* A new session. `beam` histories are followed at once, 1 to 1000. `endpoint` is an operating point of the model, which says
   how soon an utterance ends: "fast", "normal" or "patient". */
STAPES_API stapes_status stapes_session_new(const stapes_model* model, int beam, const char* endpoint,
                                            stapes_session** session, stapes_error* error);
/* The same, which expects `phrases` in every utterance. */
STAPES_API stapes_status stapes_session_new_with_phrases(const stapes_model* model, int beam, const char* endpoint,
                                                         const stapes_phrases* phrases, stapes_session** session,
                                                         stapes_error* error);
/* `session` may be null. */
STAPES_API void stapes_session_free(stapes_session* session);
/* Hears `count` further samples, 16-bit, mono at 16 kHz. What is told does not depend on how the sound is cut. */
STAPES_API stapes_status stapes_session_push_int16(stapes_session* session, const int16_t* samples, size_t count,
                                                   stapes_events** events, stapes_error* error);
/* Ends the sound; a second call tells nothing. */
STAPES_API stapes_status stapes_session_finish(stapes_session* session, stapes_events** events, stapes_error* error);
STAPES_API size_t stapes_events_count(const stapes_events* events);
/* Null beyond the last one. */
STAPES_API const stapes_event* stapes_events_at(const stapes_events* events, size_t index);
/* `events` may be null. */
STAPES_API void stapes_events_free(stapes_events* events);

#ifdef __cplusplus
}
#endif

#endif /* STAPES_H_ */
