#include "format/directory.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "error.h"
#include "sentence.h"

namespace stapes::format {
namespace {

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

const char* wanted(Kind kind) {
  switch (kind) {
    case Kind::kObject:
      return "an object";
    case Kind::kList:
      return "a list";
    case Kind::kString:
      return "a string";
    default:
      return "an integer";
  }
}

// `value` if it is there and of that kind.
Value typed(const std::optional<Value>& value, Kind kind, std::string_view where) {
  if (!value || !value->is(kind)) {
    const char* const given = value ? value->kind_name() : "NoneType";
    refuse(sentence(where, ": ", wanted(kind), " is expected, got ", given));
  }
  return *value;
}

// The first eight keys in their order, in quotes.
std::string first_keys(const Value& table) {
  std::vector<std::string> keys;
  for (std::optional<Value> key = table.first(); key; key = key->next()->next()) {
    std::string text = key->text();
    keys.insert(std::upper_bound(keys.begin(), keys.end(), text), std::move(text));
    if (keys.size() > 8) keys.pop_back();
  }
  std::string shown;
  for (const std::string& key : keys) shown += sentence(shown.empty() ? "" : ", ", quoted(key, 40));
  return shown.empty() ? "none" : shown;
}

void check_keys(const Value& table, std::initializer_list<std::string_view> accepted,
                std::string_view where) {
  typed(table, Kind::kObject, where);
  const bool all = std::all_of(accepted.begin(), accepted.end(),
                               [&table](std::string_view key) { return table.find(key).has_value(); });
  if (all && table.size() == accepted.size()) return;
  std::string keys;
  for (const std::string_view key : accepted) keys += sentence(keys.empty() ? "" : ", ", key);
  refuse(sentence(where, ": the keys ", keys, " are accepted, got ", first_keys(table)));
}

bool is_name(std::string_view text) {
  const auto accepted = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxNameCharacters &&
         std::all_of(text.begin(), text.end(), accepted);
}

void check_name(const std::string& name, std::string_view where) {
  if (is_name(name)) return;
  const auto characters = std::count_if(
      name.begin(), name.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  refuse(sentence(where, ": name ", quoted(name, 40), " has ", characters, " characters; 1 to ",
                  kMaxNameCharacters, " of A-Z a-z 0-9 _ . / - are accepted"));
}

std::string read_name(const std::optional<Value>& value, std::string_view where) {
  std::string name = typed(value, Kind::kString, sentence(where, ": 'name'")).text();
  check_name(name, where);
  return name;
}

std::int64_t read_count(const std::optional<Value>& value, std::string_view where) {
  const std::int64_t count = typed(value, Kind::kInteger, where).integer();
  if (count < 0) refuse(sentence(where, ": a number from 0 up is accepted, got ", count));
  return count;
}

Shape read_shape(const std::optional<Value>& value, std::string_view where) {
  const std::string place = sentence(where, ": 'shape'");
  const Value axes = typed(value, Kind::kList, place);
  const std::size_t count = axes.size();
  if (count > kMaxAxes) refuse(sentence(where, ": ", count, " axes; up to ", kMaxAxes, " are accepted"));
  Shape shape;
  std::int64_t weights = 1;
  bool too_many = false;
  for (std::optional<Value> axis = axes.first(); axis; axis = axis->next()) {
    shape.push_back(read_count(axis, place));
    // Both factors are at most 2^53, so the product is checked before it can overflow.
    too_many = too_many || (shape.back() != 0 && weights > kMaxWeights / shape.back());
    weights = too_many ? 1 : weights * shape.back();
  }
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  if (too_many || empty) {
    refuse(sentence(where, ": shape ", listed(shape), " is refused; 1 to ", kMaxWeights,
                    " weights are accepted"));
  }
  return shape;
}

Codec read_codec(const std::optional<Value>& value, std::string_view where) {
  const Value table = typed(value, Kind::kObject, sentence(where, ": 'codec'"));
  const std::string name = read_name(table.find("name"), sentence(where, ": codec"));
  std::vector<CodecParameter> parameters;
  for (std::optional<Value> key = table.first(); key; key = key->next()->next()) {
    CodecParameter parameter{.name = key->text(), .value = 0};
    if (parameter.name == "name") continue;
    const std::string place = sentence(where, ": codec parameter");
    check_name(parameter.name, place);
    parameter.value = read_count(key->next(), sentence(place, " '", parameter.name, "'"));
    if (parameters.size() < kMaxSections) parameters.push_back(std::move(parameter));
  }
  try {
    return codec_by_name(name, parameters);
  } catch (const Error& error) {
    refuse(sentence(where, ": ", error.sentence()));
  }
}

Section read_section(const Value& table, std::string_view where) {
  check_keys(table, {"bytes", "crc32", "name", "offset"}, where);
  const auto count = [&](std::string_view key) {
    return static_cast<std::uint64_t>(read_count(table.find(key), sentence(where, ": '", key, "'")));
  };
  Section section{.name = read_name(table.find("name"), where), .offset = 0, .size_bytes = 0, .crc32 = 0};
  section.offset = count("offset");
  section.size_bytes = count("bytes");
  section.crc32 = count("crc32");
  return section;
}

template <typename Named>
void check_order(const std::vector<Named>& all, std::string_view where) {
  for (std::size_t index = 1; index < all.size(); ++index) {
    const std::string& before = all[index - 1].name;
    const std::string& after = all[index].name;
    if (before == after) refuse(sentence(where, " '", after, "' appears twice"));
    if (before > after) {
      refuse(sentence(where, " '", after, "' comes after '", before,
                      "'; names in ascending order are accepted"));
    }
  }
}

std::string joined_names(std::span<const std::string_view> names) {
  std::string joined;
  for (const std::string_view name : names) joined += sentence(joined.empty() ? "" : ", ", name);
  return joined.empty() ? "none" : joined;
}

void check_section_names(const Entry& entry, const std::vector<SectionRule>& rules, std::string_view where) {
  std::vector<std::string_view> expected;
  std::vector<std::string_view> given;
  for (const SectionRule& rule : rules) expected.push_back(rule.name);
  for (const Section& section : entry.sections) given.push_back(section.name);
  if (given != expected) {
    refuse(sentence(where, ": codec '", entry.codec.name(), "' takes the sections ", joined_names(expected),
                    ", got ", joined_names(given)));
  }
}

void check_sizes(const Entry& entry, std::string_view where) {
  std::vector<SectionRule> rules;
  try {
    rules = entry.codec.sections(entry.shape);
  } catch (const Error& error) {
    refuse(sentence(where, ": ", error.sentence()));
  }
  check_section_names(entry, rules, where);
  for (std::size_t index = 0; index < rules.size(); ++index) {
    const auto& [name, least, most] = rules[index];
    const std::uint64_t given = entry.sections[index].size_bytes;
    if (given < least || given > most) {
      const std::string lengths = least == most ? std::to_string(least) : sentence(least, " to ", most);
      refuse(sentence(where, ": section '", name, "' has ", given, " bytes; codec '", entry.codec.name(),
                      "' takes ", lengths, " for shape ", listed(entry.shape)));
    }
  }
}

Entry read_entry(const Value& table, std::string_view number) {
  check_keys(table, {"codec", "name", "sections", "shape"}, number);
  Entry entry{.name = read_name(table.find("name"), number), .shape = {}, .codec = {}, .sections = {}};
  const std::string where = sentence("tensor '", entry.name, "'");
  entry.shape = read_shape(table.find("shape"), where);
  entry.codec = read_codec(table.find("codec"), where);
  const Value parts = typed(table.find("sections"), Kind::kList, sentence(where, ": 'sections'"));
  const std::size_t count = parts.size();
  if (count > kMaxSections)
    refuse(sentence(where, ": ", count, " sections; up to ", kMaxSections, " are accepted"));
  for (std::optional<Value> part = parts.first(); part; part = part->next()) {
    entry.sections.push_back(read_section(*part, sentence(where, ": section ", entry.sections.size())));
  }
  check_order(entry.sections, sentence(where, ": section"));
  check_sizes(entry, where);
  return entry;
}

void check_weights(const std::vector<Entry>& entries) {
  std::int64_t weights = 0;
  for (const Entry& entry : entries) weights += weights_of(entry.shape);
  if (weights > kMaxWeights) {
    refuse(sentence("header: ", weights, " weights in all tensors; up to ", kMaxWeights, " are accepted"));
  }
}

// The place that a section must begin at, after it was found there.
std::uint64_t check_place(const Section& section, std::string_view where, std::uint64_t expected,
                          std::uint64_t data_bytes) {
  const std::uint64_t end = section.offset + section.size_bytes;
  if (end > data_bytes)
    refuse(sentence(where, " ends at byte ", end, " of a data area of ", data_bytes, " bytes"));
  if (section.offset % kAlignmentBytes != 0) {
    refuse(sentence(where, " begins at byte ", section.offset, "; a multiple of ", kAlignmentBytes,
                    " is accepted"));
  }
  if (section.offset < expected) {
    refuse(sentence(where, " begins at byte ", section.offset, " and overlaps the one before, which ends at ",
                    expected));
  }
  if (section.offset > expected) {
    refuse(sentence(where, " begins at byte ", section.offset, " and leaves a hole; it is expected at ",
                    expected));
  }
  return aligned(end);
}

void check_places(const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::uint64_t expected = 0;
  for (const Entry& entry : entries) {
    for (const Section& section : entry.sections) {
      const std::string where = sentence("tensor '", entry.name, "': section '", section.name, "'");
      expected = check_place(section, where, expected, data_bytes);
    }
  }
  if (expected != data_bytes) {
    refuse(sentence("the sections end at byte ", expected, " of a data area of ", data_bytes, " bytes"));
  }
}

}  // namespace

std::vector<Entry> read_directory(const Json& header, std::uint64_t data_bytes) {
  const Value root = header.root();
  check_keys(root, {"metadata", "tensors"}, "header");
  typed(root.find("metadata"), Kind::kObject, "header: 'metadata'");
  const Value tables = typed(root.find("tensors"), Kind::kList, "header: 'tensors'");
  const std::size_t count = tables.size();
  if (count > kMaxTensors)
    refuse(sentence("header: ", count, " tensors; up to ", kMaxTensors, " are accepted"));
  std::vector<Entry> entries;
  for (std::optional<Value> table = tables.first(); table; table = table->next()) {
    entries.push_back(read_entry(*table, sentence("tensor ", entries.size())));
  }
  check_order(entries, "tensor");
  check_weights(entries);
  check_places(entries, data_bytes);
  return entries;
}

}  // namespace stapes::format
