#include "kernels/table.h"
#include "stapes.h"

const char* stapes_version(void) { return STAPES_VERSION; }

const char* stapes_kernels(void) { return stapes::kernels::best().name; }
