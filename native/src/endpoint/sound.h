// What an end-pointer keeps of how loud and how high the user speaks: spec/endpoints.md, section 3.
#pragma once

#include <optional>

namespace stapes::endpoint {

// A frame of sound.
struct Sound {
  // Of its last 40 ms, relative to full scale.
  double level_db;
  // In [0, 1].
  double voicing;
  // How high it is.
  double octaves;
};

// Running levels of speech and noise, in dB relative to full scale.
class Levels {
 public:
  void follow(double level_db);
  // Whether a frame stands out from the noise.
  bool sounds(double level_db) const;
  // Whether a frame is loud enough to be the user.
  bool speaks(double level_db) const;
  // Whether a frame is as loud as the words of the user.
  bool is_loud(double level_db) const;

  // After the first frame.
  double noise_db() const { return *noise_db_; }
  double speech_db() const { return speech_db_; }

 private:
  std::optional<double> noise_db_;
  double speech_db_ = -35;
};

// How high the user speaks.
class Melody {
 public:
  // After a frame of speech; stays as it is where that has no voice.
  void follow(const Sound& sound);

  // Of the last voiced frame, relative to the mean after it.
  double height() const { return height_; }
  double slope() const { return slope_; }

 private:
  int frames_ = 0;
  double mean_ = 7.4;
  double height_ = 0;
  double slope_ = 0;
};

}  // namespace stapes::endpoint
