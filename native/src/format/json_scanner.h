// The grammar of JSON (RFC 8259), apart from what is made of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "format/json.h"

namespace stapes::format {

// Is told of every value when it ends, of lists and objects when they begin, too.
class JsonSink {
 public:
  virtual ~JsonSink() = default;
  // A value that is no list or object: bytes `begin` to `end` of the text, quotes of a string left out.
  virtual void scalar(Kind kind, std::uint32_t begin, std::uint32_t end) = 0;
  virtual void open(Kind kind, std::uint32_t begin) = 0;
  virtual void close() = 0;
};

// Reads one value and nothing else from `text`; throws Error (kFormat).
void scan_json(std::string_view text, JsonSink& sink);

// The next character of a string without quotes, `rest`, which is cut by it; escapes resolved. The string is
// sound.
char32_t next_character(std::string_view& rest);

}  // namespace stapes::format
