#include "check.h"
#include "kernels/table.h"
#include "stapes.h"

TEST(version_is_that_of_the_build) { CHECK_EQUAL(std::string(stapes_version()), STAPES_VERSION); }

TEST(kernels_are_the_best_of_the_table) {
  CHECK_EQUAL(std::string(stapes_kernels()), stapes::kernels::best().name);
}

CHECK_MAIN();
