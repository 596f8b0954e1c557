/* For a file that is a template of itself: includes it once for each data type.
 *
 *     #ifndef TYPE                    once
 *     #define TEMPLATE "this_file.c"
 *     #include "both_types.h"
 *     ...                             may call name_f32() and name_f64()
 *     #else                           for float and for double
 *     static void NAME(name)(TYPE *x)
 *     ...
 *     #endif */
#define TYPE float
#define NAME(function) function##_f32
#include TEMPLATE
#undef TYPE
#undef NAME

#define TYPE double
#define NAME(function) function##_f64
#include TEMPLATE
#undef TYPE
#undef NAME
