#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/recognizer.h"
#include "error.h"
#include "kernels/table.h"
#include "stapes.h"

struct stapes_model {
  std::shared_ptr<const stapes::engine::Recognizer> recognizer;
};

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

namespace {

constexpr std::size_t kBlockSamples = 4096;

stapes_status status_of(stapes::Fault fault) {
  switch (fault) {
    case stapes::Fault::kFormat:
      return STAPES_FORMAT;
    case stapes::Fault::kConfig:
      return STAPES_CONFIG;
    case stapes::Fault::kAudio:
      break;
  }
  return STAPES_AUDIO;
}

stapes_status told(stapes_error* error, stapes_status status, std::string_view text) noexcept {
  if (error == nullptr) return status;
  error->status = status;
  const std::size_t length = std::min(text.size(), sizeof(error->text) - 1);
  std::memcpy(error->text, text.data(), length);
  error->text[length] = '\0';
  return status;
}

// What `work` throws as a status and its sentence: no exception leaves the library.
template <typename Work>
stapes_status guarded(stapes_error* error, Work work) noexcept {
  try {
    work();
    return told(error, STAPES_OK, "");
  } catch (const stapes::Error& fault) {
    return told(error, status_of(fault.fault()), fault.sentence());
  } catch (const std::bad_alloc&) {
    return told(error, STAPES_MEMORY, "there is not enough memory");
  } catch (const std::exception& fault) {
    return told(error, STAPES_INTERNAL, fault.what());
  } catch (...) {
    return told(error, STAPES_INTERNAL, "an unknown mistake of the library");
  }
}

stapes_status null_pointer(stapes_error* error, std::string_view function) noexcept {
  told(error, STAPES_INTERNAL, function);
  if (error != nullptr) {
    constexpr std::string_view kRest = ": a null pointer was given";
    std::memcpy(error->text + function.size(), kRest.data(), kRest.size() + 1);
  }
  return STAPES_INTERNAL;
}

void to_floats(std::span<const int16_t> samples, std::vector<float>& floats) {
  floats.clear();
  for (const int16_t sample : samples) floats.push_back(static_cast<float>(sample) / 32768.0f);
}

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
