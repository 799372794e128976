#include "c_api/calls.h"

#include <algorithm>
#include <cstring>

namespace stapes::c_api {

stapes_status status_of(Fault fault) {
  switch (fault) {
    case Fault::kFormat:
      return STAPES_FORMAT;
    case Fault::kConfig:
      return STAPES_CONFIG;
    case Fault::kAudio:
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

stapes_status null_pointer(stapes_error* error, std::string_view function) noexcept {
  told(error, STAPES_INTERNAL, function);
  if (error != nullptr) {
    constexpr std::string_view kRest = ": a null pointer was given";
    std::memcpy(error->text + function.size(), kRest.data(), kRest.size() + 1);
  }
  return STAPES_INTERNAL;
}

void to_floats(std::span<const int16_t> samples, std::vector<float>& floats) {
  floats.resize(samples.size());
  for (std::size_t at = 0; at < samples.size(); ++at) floats[at] = static_cast<float>(samples[at]) / 32768.0f;
}

}  // namespace stapes::c_api
