#include "kernels/table.h"

#include <array>
#include <cstring>

#include "kernels/tables.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace stapes::kernels {
namespace {

struct Present {
  std::array<const Table*, 3> tables{&kReference, nullptr, nullptr};
  std::size_t count = 1;

  void add(const Table& table, bool runs) {
    if (runs) tables[count++] = &table;
  }
};

Present detect() {
  Present present;
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2");
  present.add(kAvx2, avx2);
  // popcnt and bmi come with every CPU that has these.
  present.add(kAvx512, avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi") &&
                           __builtin_cpu_supports("avx512vbmi2"));
#elif defined(__aarch64__)
  constexpr unsigned long kDotProduct = 1UL << 20;  // HWCAP_ASIMDDP
  present.add(kNeon, (getauxval(AT_HWCAP) & kDotProduct) != 0);
#endif
  return present;
}

}  // namespace

void Lines::set(std::size_t at, std::int32_t knot, std::int32_t next) {
  lines[at] = knot * 65536 + ((next - knot) & 0xffff);
  knots[at] = static_cast<std::int16_t>(knot);
  rises[at] = static_cast<std::int16_t>(next - knot);
}

std::span<const Table* const> available() {
  static const Present present = detect();
  return std::span(present.tables).first(present.count);
}

const Table& best() { return *available().back(); }

const Table* named(const char* name) {
  for (const Table* table : available()) {
    if (std::strcmp(table->name, name) == 0) return table;
  }
  return nullptr;
}

}  // namespace stapes::kernels
