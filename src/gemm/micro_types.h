/* Includes BODY once for each element type. */
#define T float
#define TYPE f32
#include "micro_simd.h"
#include BODY
#undef T
#undef TYPE

#define T double
#define TYPE f64
#include "micro_simd.h"
#include BODY
#undef T
#undef TYPE
