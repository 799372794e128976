#include "engine/hearing.h"

#include <utility>

#include "engine/settings.h"
#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

constexpr std::string_view kWhere = "packed model: metadata: network";
constexpr int kRateHz = 16'000;

features::FbankConfig read_features(Settings table) {
  features::FbankConfig config;
  if (table.has("sample_rate_hz")) {
    config.sample_rate_hz = static_cast<int>(table.integer("sample_rate_hz", kRateHz, kRateHz));
  }
  // The filter bank checks them against each other.
  constexpr double kMost = 1e6;
  config.window_ms = table.number_or("window_ms", 0, kMost, config.window_ms);
  config.shift_ms = table.number_or("shift_ms", 0, kMost, config.shift_ms);
  if (table.has("mel_bins")) config.mel_bins = static_cast<int>(table.integer("mel_bins", 1, 128));
  config.low_hz = table.number_or("low_hz", 0, kMost, config.low_hz);
  config.high_hz = table.number_or("high_hz", 0, kMost, config.high_hz);
  config.preemphasis = table.number_or("preemphasis", 0, 1, config.preemphasis);
  table.finish();
  return config;
}

}  // namespace

HearingSettings read_hearing(const format::Model& model) {
  const auto table = model.metadata().find("network");
  if (!table || !table->is(format::Kind::kObject)) {
    throw Error(Fault::kFormat,
                "packed model: metadata holds no table 'network'; a model of stapes pack is expected");
  }
  Settings settings(*table, std::string(kWhere));
  if (const std::string kind = settings.text("kind"); kind != "transducer") {
    throw Error(Fault::kFormat, sentence(kWhere, ": kind: 'transducer' is expected, got ", quoted(kind, 40)));
  }
  HearingSettings hearing{.features = read_features(settings.table("features")),
                          .vocabulary = settings.texts("vocabulary"),
                          .tail_ms = static_cast<int>(settings.integer("tail_ms", 0, 2000))};
  for (const char* const size : {"channels", "hidden", "layers", "embedding", "joint", "ctc_scale", "ctc_frames"}) {
    settings.skip(size);
  }
  settings.finish();
  return hearing;
}

}  // namespace stapes::engine
