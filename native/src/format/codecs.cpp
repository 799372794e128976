#include "format/codecs.h"

#include <algorithm>
#include <span>

#include "error.h"
#include "format/code_stream.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr std::array<std::string_view, 6> kNames{"dense",  "float16", "float32",
                                                 "sparse", "uniform", "unsigned"};
constexpr std::int64_t kMostPermutedRows = 1 << 16;
constexpr std::uint64_t kMostGrowth = 4;
constexpr std::array<std::int64_t, 5> kBits{2, 3, 4, 6, 8};
constexpr std::array<std::int64_t, 2> kFlags{0, 1};

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

// "2, 3, 4, 6 and 8".
std::string in_words(std::span<const std::int64_t> numbers) {
  std::string words;
  for (std::size_t index = 0; index < numbers.size(); ++index) {
    if (index > 0) words += index + 1 == numbers.size() ? " and " : ", ";
    words += std::to_string(numbers[index]);
  }
  return words;
}

std::span<const std::string_view> settings_of(CodecKind kind) {
  static constexpr std::array<std::string_view, 3> kSettings{"bits", "coded", "permuted"};
  const auto all = std::span(kSettings);
  switch (kind) {
    case CodecKind::kSparse:
      return all;
    case CodecKind::kDense:
    case CodecKind::kUnsigned:
      return all.first(2);
    case CodecKind::kUniform:
      return all.first(1);
    default:
      return {};
  }
}

void check_known(const Codec& codec, const std::vector<CodecParameter>& parameters) {
  const auto settings = settings_of(codec.kind);
  std::string known;
  for (const std::string_view setting : settings) known += sentence(known.empty() ? "" : ", ", setting);
  for (const CodecParameter& given : parameters) {
    if (std::find(settings.begin(), settings.end(), given.name) == settings.end()) {
      refuse(sentence("codec '", codec.name(), "': unknown setting '", given.name, "'; known are ", known));
    }
  }
}

std::int64_t checked_bits(const Codec& codec, std::int64_t bits) {
  const std::string where = sentence("codec '", codec.name(), "': ", codec.name(), ": ");
  if (codec.kind == CodecKind::kUniform && bits != 8)
    refuse(sentence(where, "8 bits are accepted, got ", bits));
  if (codec.kind == CodecKind::kUnsigned && bits != 8 && bits != 16) {
    refuse(sentence(where, "8 or 16 bits are accepted, got ", bits));
  }
  return bits;
}

std::int64_t one_of(const Codec& codec, std::string_view setting, std::int64_t value,
                    std::span<const std::int64_t> accepted) {
  if (std::find(accepted.begin(), accepted.end(), value) == accepted.end()) {
    refuse(sentence("codec '", codec.name(), "': ", codec.name(), ": ", setting, " is ", value, "; ",
                    in_words(accepted), " are accepted"));
  }
  return value;
}

SectionRule exactly(std::string_view name, std::uint64_t bytes) { return {name, bytes, bytes}; }

SectionRule codes_rule(const Codec& codec, std::string_view name, std::uint64_t packed_bytes) {
  return {name, codec.coded ? (packed_bytes + kMostGrowth - 1) / kMostGrowth : packed_bytes, packed_bytes};
}

std::vector<SectionRule> matrix_rules(const Codec& codec, const Shape& shape) {
  if (shape.empty()) {
    refuse(sentence(codec.name(), ": at least one axis and one weight are accepted, got shape []"));
  }
  const auto rows = static_cast<std::uint64_t>(shape[0]);
  const std::uint64_t columns = static_cast<std::uint64_t>(weights_of(shape)) / rows;
  const std::uint64_t codes_bytes = rows * row_bytes(columns, codec.bits);
  std::vector<SectionRule> rules;
  if (codec.has_codebook()) rules.push_back(exactly("codebook", std::uint64_t{1} << codec.bits));
  if (codec.kind == CodecKind::kDense) {
    rules.push_back(codes_rule(codec, "codes", codes_bytes));
    rules.push_back(exactly("scales", 4 * rows));
    return rules;
  }
  if (codec.permuted && shape[0] > kMostPermutedRows) {
    refuse(sentence("sparse: up to ", kMostPermutedRows, " permuted rows are accepted, got ", rows));
  }
  rules.push_back(codes_rule(codec, "masks", rows * 8 * window_count(columns)));
  rules.push_back(exactly("offsets", 4 * ((rows + kBlockRows - 1) / kBlockRows + 1)));
  if (codec.permuted) rules.push_back(exactly("order", 2 * rows));
  rules.push_back(exactly("scales", 4 * rows));
  rules.push_back({"values", 0, codes_bytes});
  return rules;
}

}  // namespace

std::int64_t weights_of(const Shape& shape) {
  std::int64_t weights = 1;
  for (const std::int64_t axis : shape) weights *= axis;
  return weights;
}

std::string_view Codec::name() const { return kNames[static_cast<std::size_t>(kind)]; }

std::vector<SectionRule> Codec::sections(const Shape& shape) const {
  const auto weights = static_cast<std::uint64_t>(weights_of(shape));
  switch (kind) {
    case CodecKind::kFloat16:
      return {exactly("values", 2 * weights)};
    case CodecKind::kFloat32:
      return {exactly("values", 4 * weights)};
    case CodecKind::kUnsigned:
      return {codes_rule(*this, "values", static_cast<std::uint64_t>(bits / 8) * weights)};
    case CodecKind::kUniform:
      if (shape.empty()) refuse("uniform: a tensor with at least one axis is accepted, got a scalar");
      return {exactly("codes", weights), exactly("scales", 4 * static_cast<std::uint64_t>(shape[0]))};
    default:
      return matrix_rules(*this, shape);
  }
}

Codec codec_by_name(std::string_view name, const std::vector<CodecParameter>& parameters) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    std::string known;
    for (const std::string_view each : kNames) known += sentence(known.empty() ? "" : ", ", each);
    refuse(sentence("codec '", name, "' is unknown; ", known, " are accepted"));
  }
  Codec codec{.kind = static_cast<CodecKind>(found - kNames.begin())};
  check_known(codec, parameters);
  const auto given = [&parameters](std::string_view setting, std::int64_t otherwise) {
    const auto at = std::find_if(parameters.begin(), parameters.end(),
                                 [setting](const CodecParameter& each) { return each.name == setting; });
    return at == parameters.end() ? otherwise : at->value;
  };
  if (codec.kind == CodecKind::kDense || codec.kind == CodecKind::kSparse) {
    codec.bits = static_cast<int>(one_of(codec, "bits", given("bits", 4), kBits));
    codec.coded = one_of(codec, "coded", given("coded", 0), kFlags) == 1;
    codec.permuted = one_of(codec, "permuted", given("permuted", 0), kFlags) == 1;
  } else {
    codec.bits = static_cast<int>(checked_bits(codec, given("bits", 8)));
    codec.coded = one_of(codec, "coded", given("coded", 0), kFlags) == 1;
  }
  return codec;
}

}  // namespace stapes::format
