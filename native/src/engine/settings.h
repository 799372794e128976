// Tables of the metadata of a packed model, read strictly: no setting may be missing, unknown or of another
// type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/json.h"

namespace stapes::engine {

class Settings {
 public:
  // `where` begins every sentence. Throws Error (kFormat), as all of this does, if `table` is no object.
  Settings(const format::Value& table, std::string where);

  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  double number(std::string_view name, double least, double most);
  // As `number`, or `otherwise` where there is none.
  double number_or(std::string_view name, double least, double most, double otherwise);
  std::string text(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  std::vector<double> numbers(std::string_view name);
  Settings table(std::string_view name);
  // Known and not looked at.
  void skip(std::string_view name);
  bool has(std::string_view name) const { return table_.find(name).has_value(); }

  // Refuses settings that nobody asked for.
  void finish() const;

 private:
  format::Value take(std::string_view name);
  [[noreturn]] void refuse_type(std::string_view name, std::string_view wanted,
                                const format::Value& given) const;

  format::Value table_;
  std::string where_;
  std::vector<std::string> known_;
};

}  // namespace stapes::engine
