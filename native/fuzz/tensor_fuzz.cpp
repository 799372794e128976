// The sections of one tensor: any bytes are decoded or refused.
//
// The first bytes of the input choose codec and shape, the rest fills the sections.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "error.h"
#include "format/codecs.h"
#include "format/tensor.h"

namespace {

using namespace stapes::format;

constexpr std::size_t kChoices = 8;

Codec chosen_codec(Bytes choices) {
  static constexpr int kBits[] = {2, 3, 4, 6, 8};
  Codec codec{.kind = static_cast<CodecKind>(choices[0] % 6)};
  if (codec.kind == CodecKind::kDense || codec.kind == CodecKind::kSparse) codec.bits = kBits[choices[1] % 5];
  if (codec.kind == CodecKind::kUnsigned) codec.bits = choices[1] % 2 == 0 ? 8 : 16;
  const bool may_be_coded = codec.kind == CodecKind::kDense || codec.kind == CodecKind::kSparse ||
                            codec.kind == CodecKind::kUnsigned;
  codec.coded = may_be_coded && choices[2] % 2 == 1;
  codec.permuted = codec.kind == CodecKind::kSparse && choices[3] % 2 == 1;
  return codec;
}

// The bytes of each section, as many as there are, at a length that its codec accepts.
std::vector<std::vector<std::uint8_t>> fill(const std::vector<SectionRule>& rules, Bytes choices,
                                            Bytes rest) {
  std::vector<std::vector<std::uint8_t>> filled;
  for (const SectionRule& rule : rules) {
    const std::uint64_t spread = rule.most_bytes - rule.least_bytes + 1;
    const std::uint64_t length = rule.most_bytes - choices[6] * std::uint64_t{257} % spread;
    auto& own = filled.emplace_back(length);
    const std::size_t given = std::min<std::size_t>(length, rest.size());
    std::copy_n(rest.begin(), given, own.begin());
    rest = rest.subspan(given);
  }
  return filled;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kChoices) return 0;
  const Bytes choices(data, kChoices);
  const Codec codec = chosen_codec(choices);
  const Shape shape{1 + choices[4] % 70, 1 + (choices[5] | choices[7] << 8) % 300};
  const auto filled = fill(codec.sections(shape), choices, {data + kChoices, size - kChoices});
  try {
    const Tensor tensor("a", shape, codec, {filled.begin(), filled.end()});
    if (tensor.floats().size() != static_cast<std::size_t>(weights_of(shape))) __builtin_trap();
  } catch (const stapes::Error&) {
  }
  return 0;
}
