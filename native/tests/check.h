// A test program is a set of TEST bodies; CHECK_* print where and what, and the program's status tells whether all held.
// A name given as argument runs the tests whose names contain it.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline int failures = 0;

struct Registration {
  Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  ++failures;
}

template <typename T>
std::string shown(const T& value) {
  if constexpr (requires { std::to_string(value); }) {
    return std::to_string(value);
  } else {
    return "'" + std::string(value) + "'";
  }
}

template <typename A, typename B>
void equal(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (!(actual == expected)) {
    fail(file, line, std::string(text) + ": got " + shown(actual) + ", expected " + shown(expected));
  }
}

inline int run(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  int ran = 0;
  for (const Test& test : tests()) {
    if (std::string(test.name).find(wanted) == std::string::npos) continue;
    const int before = failures;
    test.body();
    std::printf("%s %s\n", failures == before ? "ok  " : "FAIL", test.name);
    ++ran;
  }
  if (ran == 0) fail("check.h", __LINE__, "no test is called '" + wanted + "'");
  return failures == 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                            \
  static void name();                                         \
  static const check::Registration name##_entry(#name, name); \
  static void name()

#define CHECK(condition) \
  if (!(condition)) check::fail(__FILE__, __LINE__, "not true: " #condition)

#define CHECK_EQUAL(actual, expected) \
  check::equal(__FILE__, __LINE__, #actual " == " #expected, (actual), (expected))

#define CHECK_MAIN()                \
  int main(int argc, char** argv) { \
    return check::run(argc, argv);  \
  }                                 \
  static_assert(true)
