// What the library throws inside; the C API and the bindings turn it into a status and its sentence.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace stapes {

// The classes of stapes.errors that native code can meet.
enum class Fault : std::uint8_t { kFormat, kConfig, kAudio };

// One sentence: where, what was given, what is accepted.
class Error final : public std::exception {
 public:
  Error(Fault fault, std::string sentence) : fault_(fault), sentence_(std::move(sentence)) {}

  Fault fault() const { return fault_; }
  const std::string& sentence() const { return sentence_; }
  const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  Fault fault_;
  std::string sentence_;
};

}  // namespace stapes
