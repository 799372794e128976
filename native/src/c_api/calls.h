// What the functions of the C API share: no exception leaves the library.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "decode/biasing.h"
#include "engine/recognizer.h"
#include "error.h"
#include "stapes.h"

struct stapes_model {
  std::shared_ptr<const stapes::engine::Recognizer> recognizer;
};

struct stapes_phrases {
  // For whose vocabulary they were made.
  std::shared_ptr<const stapes::engine::Recognizer> recognizer;
  // Null if there are none.
  std::shared_ptr<const stapes::decode::PhraseLists> lists;
};

namespace stapes::c_api {

// Samples that are turned into floats at once.
inline constexpr std::size_t kBlockSamples = 10'240;

stapes_status status_of(Fault fault);
// Puts `status` and `text` into `error`, if there is one; the status.
stapes_status told(stapes_error* error, stapes_status status, std::string_view text) noexcept;
stapes_status null_pointer(stapes_error* error, std::string_view function) noexcept;
void to_floats(std::span<const int16_t> samples, std::vector<float>& floats);

// The lists of `phrases`; throws Error (kConfig) if they were made for another vocabulary than that of `model`. `where` begins
// its sentence.
std::shared_ptr<const decode::PhraseLists> lists_for(std::string_view where, const stapes_model& model,
                                                     const stapes_phrases& phrases);

// What `work` throws as a status and its sentence.
template <typename Work>
stapes_status guarded(stapes_error* error, Work work) noexcept {
  try {
    work();
    return told(error, STAPES_OK, "");
  } catch (const Error& fault) {
    return told(error, status_of(fault.fault()), fault.sentence());
  } catch (const std::bad_alloc&) {
    return told(error, STAPES_MEMORY, "there is not enough memory");
  } catch (const std::exception& fault) {
    return told(error, STAPES_INTERNAL, fault.what());
  } catch (...) {
    return told(error, STAPES_INTERNAL, "an unknown mistake of the library");
  }
}

}  // namespace stapes::c_api
