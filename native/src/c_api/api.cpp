#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "c_api/calls.h"
#include "engine/recognizer.h"
#include "error.h"
#include "kernels/table.h"
#include "lattice/wire.h"
#include "sentence.h"
#include "stapes.h"

struct stapes_stream {
  stapes::engine::Stream stream;
  // Samples as floats.
  std::vector<float> block;
};

struct stapes_result {
  std::string text;
  std::vector<stapes::engine::HeardWord> heard;
  // Their texts are those of `heard`.
  std::vector<stapes_word> words;
};

struct stapes_lattice {
  std::vector<std::uint8_t> bytes;
};

using stapes::c_api::guarded;
using stapes::c_api::kBlockSamples;
using stapes::c_api::lists_for;
using stapes::c_api::null_pointer;
using stapes::c_api::to_floats;

namespace {

std::unique_ptr<stapes_result> make_result(std::vector<stapes::engine::HeardWord> heard) {
  auto result = std::make_unique<stapes_result>();
  result->heard = std::move(heard);
  for (const stapes::engine::HeardWord& word : result->heard) {
    if (!result->text.empty()) result->text += ' ';
    result->text += word.text;
    result->words.push_back({word.text.c_str(), word.start_seconds, word.end_seconds, word.confidence});
  }
  return result;
}

}  // namespace

stapes_status stapes_model_open(const char* path, stapes_model** model, stapes_error* error) {
  if (path == nullptr || model == nullptr) return null_pointer(error, "stapes_model_open");
  *model = nullptr;
  return guarded(error, [&] {
    *model = new stapes_model{stapes::engine::Recognizer::open(path, stapes::kernels::best())};
  });
}

void stapes_model_free(stapes_model* model) { delete model; }

stapes_status stapes_stream_new(const stapes_model* model, int beam, stapes_stream** stream,
                                stapes_error* error) {
  if (model == nullptr || stream == nullptr) return null_pointer(error, "stapes_stream_new");
  *stream = nullptr;
  return guarded(error, [&] { *stream = new stapes_stream{{model->recognizer, beam}, {}}; });
}

stapes_status stapes_stream_new_with_phrases(const stapes_model* model, int beam, const stapes_phrases* phrases,
                                             stapes_stream** stream, stapes_error* error) {
  if (model == nullptr || phrases == nullptr || stream == nullptr) {
    return null_pointer(error, "stapes_stream_new_with_phrases");
  }
  *stream = nullptr;
  return guarded(error, [&] {
    *stream = new stapes_stream{{model->recognizer, beam, lists_for("stream", *model, *phrases)}, {}};
  });
}

void stapes_stream_free(stapes_stream* stream) { delete stream; }

stapes_status stapes_stream_push(stapes_stream* stream, const float* samples, size_t count,
                                 stapes_error* error) {
  if (stream == nullptr || (samples == nullptr && count > 0))
    return null_pointer(error, "stapes_stream_push");
  return guarded(error, [&] { stream->stream.accept({samples, count}); });
}

stapes_status stapes_stream_push_int16(stapes_stream* stream, const int16_t* samples, size_t count,
                                       stapes_error* error) {
  if (stream == nullptr || (samples == nullptr && count > 0))
    return null_pointer(error, "stapes_stream_push_int16");
  return guarded(error, [&] {
    for (std::span<const int16_t> rest(samples, count); !rest.empty();) {
      const auto part = rest.first(std::min(rest.size(), kBlockSamples));
      to_floats(part, stream->block);
      stream->stream.accept(stream->block);
      rest = rest.subspan(part.size());
    }
  });
}

stapes_status stapes_streams_push_int16(stapes_stream* const* streams, const int16_t* const* samples,
                                        const size_t* counts, size_t stream_count, stapes_error* error) {
  const auto is_null = [&](size_t index) {
    return streams[index] == nullptr || (samples[index] == nullptr && counts[index] > 0);
  };
  bool null = stream_count > 0 && (streams == nullptr || samples == nullptr || counts == nullptr);
  for (size_t index = 0; !null && index < stream_count; ++index) null = is_null(index);
  if (null) return null_pointer(error, "stapes_streams_push_int16");
  return guarded(error, [&] {
    std::vector<stapes::engine::Stream::Chunk> chunks;
    for (size_t index = 0; index < stream_count; ++index) {
      to_floats({samples[index], counts[index]}, streams[index]->block);
      chunks.push_back({&streams[index]->stream, streams[index]->block});
    }
    stapes::engine::Stream::accept_together(chunks);
  });
}

stapes_status stapes_stream_finish(stapes_stream* stream, stapes_error* error) {
  if (stream == nullptr) return null_pointer(error, "stapes_stream_finish");
  return guarded(error, [&] { stream->stream.finish(); });
}

stapes_status stapes_stream_result(stapes_stream* stream, stapes_result** result, stapes_error* error) {
  if (stream == nullptr || result == nullptr) return null_pointer(error, "stapes_stream_result");
  *result = nullptr;
  return guarded(error, [&] { *result = make_result(stream->stream.words()).release(); });
}

const char* stapes_result_text(const stapes_result* result) {
  return result == nullptr ? "" : result->text.c_str();
}

size_t stapes_result_word_count(const stapes_result* result) {
  return result == nullptr ? 0 : result->words.size();
}

const stapes_word* stapes_result_words(const stapes_result* result) {
  return result == nullptr ? nullptr : result->words.data();
}

void stapes_result_free(stapes_result* result) { delete result; }

stapes_status stapes_stream_lattice(stapes_stream* stream, double least_posterior, stapes_lattice** lattice,
                                    stapes_error* error) {
  if (stream == nullptr || lattice == nullptr) return null_pointer(error, "stapes_stream_lattice");
  *lattice = nullptr;
  return guarded(error, [&] {
    if (!(least_posterior >= 0 && least_posterior <= 1)) {
      throw stapes::Error(stapes::Fault::kConfig, stapes::sentence("lattice: least_posterior is ",
                                                                   stapes::shown(least_posterior),
                                                                   "; 0 to 1 is accepted"));
    }
    const stapes::lattice::Lattice heard = stream->stream.lattice({.posterior = least_posterior});
    *lattice = new stapes_lattice{stapes::lattice::to_bytes(heard, stream->stream.frame_ms())};
  });
}

const uint8_t* stapes_lattice_bytes(const stapes_lattice* lattice) {
  return lattice == nullptr ? nullptr : lattice->bytes.data();
}

size_t stapes_lattice_size(const stapes_lattice* lattice) { return lattice == nullptr ? 0 : lattice->bytes.size(); }

void stapes_lattice_free(stapes_lattice* lattice) { delete lattice; }
