#include "engine/endpointing.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "engine/settings.h"
#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

constexpr std::string_view kEndpoint = "packed model: metadata: endpoint";
constexpr std::string_view kCalibration = "packed model: metadata: calibration";
constexpr double kLargest = 1e9;
constexpr std::int64_t kLongestMs = 1'000'000'000;
constexpr std::size_t kMostPieces = 64;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

void check_kind(Settings& settings, std::string_view where, std::string_view kind) {
  if (const std::string given = settings.text("kind"); given != kind) {
    refuse(sentence(where, ": kind: '", kind, "' is expected, got ", quoted(given, 40)));
  }
}

std::int64_t milliseconds(Settings& table, std::string_view name, std::int64_t otherwise) {
  return table.has(name) ? table.integer(name, 0, kLongestMs) : otherwise;
}

void check_point(const endpoint::Point& point, const std::string& where) {
  if (!(0 < point.speculative && point.speculative <= point.final && point.final < 1)) {
    refuse(sentence(where, ": speculative, final: 0 < speculative <= final < 1 is expected, got ",
                    shown(point.speculative), " and ", shown(point.final)));
  }
  const std::int64_t longest = std::min(point.no_speech_ms, point.longest_ms);
  if (2 * point.least_pause_ms > point.longest_pause_ms || point.longest_pause_ms > longest) {
    refuse(sentence(where,
                    ": bounds: 0 <= 2 least_pause_ms <= longest_pause_ms <= no_speech_ms and longest_ms are "
                    "expected, got ",
                    point.least_pause_ms, ", ", point.longest_pause_ms, ", ", point.no_speech_ms, " and ",
                    point.longest_ms));
  }
}

endpoint::Point read_point(const std::string& name, const format::Value& value) {
  const std::string where = sentence(kEndpoint, ": points: ", name);
  Settings table(value, where);
  endpoint::Point point{.name = name,
                        .speculative = table.number("speculative", 0, 1),
                        .final = table.number("final", 0, 1)};
  point.least_pause_ms = milliseconds(table, "least_pause_ms", point.least_pause_ms);
  point.longest_pause_ms = milliseconds(table, "longest_pause_ms", point.longest_pause_ms);
  point.no_speech_ms = milliseconds(table, "no_speech_ms", point.no_speech_ms);
  point.longest_ms = milliseconds(table, "longest_ms", point.longest_ms);
  table.skip("measured");
  table.finish();
  check_point(point, where);
  return point;
}

std::vector<endpoint::Point> read_points(const std::optional<format::Value>& table) {
  std::vector<endpoint::Point> points;
  if (!table || !table->is(format::Kind::kObject)) refuse(sentence(kEndpoint, ": points: a table is expected"));
  for (auto key = table->first(); key; key = key->next()->next()) {
    points.push_back(read_point(key->text(), *key->next()));
  }
  if (points.empty()) {
    refuse(sentence(kEndpoint, ": points: at least one operating point is expected, got none"));
  }
  return points;
}

// The weights of a tensor with these sizes, of which 0 stands for any.
std::vector<float> take(const format::Model& model, std::string_view name, const format::Shape& wanted) {
  const std::string full = sentence("endpoint.", name);
  const format::Tensor* const tensor = model.find(full);
  if (tensor == nullptr) refuse(sentence("packed model: end-pointer: tensor '", full, "' is missing"));
  const format::Shape& given = tensor->shape();
  const auto fits = [](std::int64_t size, std::int64_t own) { return size == 0 || size == own; };
  if (!std::ranges::equal(wanted, given, fits)) {
    std::string sizes;
    for (const std::int64_t size : wanted) {
      sizes += sentence(sizes.empty() ? "" : ", ", size == 0 ? "any" : std::to_string(size));
    }
    refuse(sentence("packed model: end-pointer: tensor '", full, "': shape [", sizes, "] is expected, got ",
                    listed(given)));
  }
  return tensor->floats();
}

}  // namespace

endpoint::Tables read_endpointing(const format::Model& model, std::size_t joint) {
  const auto table = model.metadata().find("endpoint");
  if (!table || table->is(format::Kind::kNull)) return endpoint::pauses_alone(joint);
  Settings settings(*table, std::string(kEndpoint));
  check_kind(settings, kEndpoint, "endpointer");
  endpoint::Tables tables;
  tables.completeness_bias = settings.number("completeness_bias", -kLargest, kLargest);
  tables.output_bias = settings.number("output_bias", -kLargest, kLargest);
  settings.skip("points");
  settings.finish();
  tables.points = read_points(table->find("points"));
  tables.completeness = take(model, "completeness", {0, 0});
  const auto width = static_cast<std::int64_t>(joint);
  tables.projection = take(model, "projection", {0, width});
  const auto inputs = static_cast<std::int64_t>(endpoint::kScalars + tables.projection.size() / joint);
  tables.output_weight = take(model, "output_weight", {0});
  const auto units = static_cast<std::int64_t>(tables.output_weight.size());
  tables.mean = take(model, "mean", {inputs});
  tables.scale = take(model, "scale", {inputs});
  tables.input_weight = take(model, "input_weight", {3 * units, inputs});
  tables.input_bias = take(model, "input_bias", {3 * units});
  tables.recurrent_weight = take(model, "recurrent_weight", {3 * units, units});
  tables.recurrent_bias = take(model, "recurrent_bias", {3 * units});
  return tables;
}

double Calibration::operator()(double posterior) const {
  const auto above = std::ranges::upper_bound(posteriors_, posterior);
  if (above == posteriors_.begin()) return confidences_.front();
  if (above == posteriors_.end()) return confidences_.back();
  const auto at = static_cast<std::size_t>(above - posteriors_.begin());
  const double slope = (confidences_[at] - confidences_[at - 1]) / (posteriors_[at] - posteriors_[at - 1]);
  return confidences_[at - 1] + slope * (posterior - posteriors_[at - 1]);
}

std::optional<Calibration> read_calibration(const format::Model& model) {
  const auto table = model.metadata().find("calibration");
  if (!table || table->is(format::Kind::kNull)) return std::nullopt;
  Settings settings(*table, std::string(kCalibration));
  check_kind(settings, kCalibration, "piecewise linear");
  std::vector<double> posteriors = settings.numbers("posteriors");
  std::vector<double> confidences = settings.numbers("confidences");
  settings.skip("measured");
  settings.finish();
  const std::size_t count = posteriors.size();
  if (count < 2 || count > kMostPieces || confidences.size() != count) {
    refuse(sentence(kCalibration, ": posteriors, confidences: 2 to ", kMostPieces, " of each are expected, got ",
                    count, " and ", confidences.size()));
  }
  const bool rises = std::ranges::adjacent_find(posteriors, std::ranges::greater_equal()) == posteriors.end();
  if (posteriors.front() != 0 || posteriors.back() != 1 || !rises) {
    refuse(sentence(kCalibration, ": posteriors: rising numbers from 0 to 1 are expected"));
  }
  if (confidences.front() < 0 || confidences.back() > 1 || !std::ranges::is_sorted(confidences)) {
    refuse(sentence(kCalibration, ": confidences: numbers from 0 to 1 that never fall are expected"));
  }
  return Calibration(std::move(posteriors), std::move(confidences));
}

}  // namespace stapes::engine
