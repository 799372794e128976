/* The C API of stapes: speech recognition on the device. */
#ifndef STAPES_H_
#define STAPES_H_

#ifdef __cplusplus
extern "C" {
#endif

#define STAPES_API __attribute__((visibility("default")))

/* Version of the library, "major.minor.patch"; never freed. */
STAPES_API const char* stapes_version(void);

/* Name of the kernels that this CPU runs with: "reference", "avx2", "avx512" or "neon"; never freed. */
STAPES_API const char* stapes_kernels(void);

#ifdef __cplusplus
}
#endif

#endif /* STAPES_H_ */
