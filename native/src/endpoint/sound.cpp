#include "endpoint/sound.h"

#include <algorithm>

namespace stapes::endpoint {
namespace {

constexpr double kVoiced = 0.6;
constexpr int kMemoryFrames = 50;
constexpr double kSlopeMemory = 0.6;

}  // namespace

void Levels::follow(double level_db) {
  if (!noise_db_) {
    noise_db_ = level_db;
    speech_db_ = std::max(speech_db_, level_db);
    return;
  }
  const bool is_loud = level_db > speech_db_ - 15;
  const double noise = *noise_db_;
  noise_db_ = level_db < noise ? noise + 0.5 * (level_db - noise) : noise + (is_loud ? 0.0 : 0.15);
  speech_db_ = level_db > speech_db_ ? speech_db_ + 0.5 * (level_db - speech_db_) : speech_db_ - 0.03;
  speech_db_ = std::max(speech_db_, *noise_db_ + 10);
}

bool Levels::sounds(double level_db) const { return level_db > noise_db() + 8; }

bool Levels::speaks(double level_db) const { return sounds(level_db) && level_db > speech_db_ - 18; }

bool Levels::is_loud(double level_db) const { return sounds(level_db) && level_db > speech_db_ - 12; }

void Melody::follow(const Sound& sound) {
  if (sound.voicing <= kVoiced) return;
  frames_ = std::min(frames_ + 1, kMemoryFrames);
  mean_ += (sound.octaves - mean_) / frames_;
  const double height = sound.octaves - mean_;
  slope_ = kSlopeMemory * slope_ + (1 - kSlopeMemory) * (height - height_);
  height_ = height;
}

}  // namespace stapes::endpoint
