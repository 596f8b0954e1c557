/* im2col: one direction of a convolution as products with a matrix of columns. Image by image,
 * the window view is materialised, and for every group g
 *
 *     out[g] (rows, cols)  =  left[g] (rows, depth)  *  columns[g] (depth, cols)
 *
 *   direction   rows   depth           cols            left                  out
 *   fwd         OC/G   IC/G, KH, KW    OH, OW          w                     y of the image
 *   bwd_d       IC/G   OC/G, KH, KW    IH, IW          w, rotated (copied)   dx of the image
 *   bwd_w       OC/G   OH, OW          IC/G, KH, KW    dy of the image       dw, added up
 *
 * This is all that im2col and im2col_blocked share; they differ in how they multiply. */
#ifndef TMK_CONV2D_COLUMNS_H
#define TMK_CONV2D_COLUMNS_H

#include "conv2d.h"

/* The three operands for all groups: (G, rows, depth), (G, depth, cols), (G, rows, cols). The
 * columns are dense. */
struct tmk_columns_product {
    struct tmk_view left, columns, out;
    bool accumulate; /* add to out instead of overwriting it */
};

/* Multiply. `exec` has what workspace the columns leave. */
typedef enum tmk_status tmk_columns_multiply(const struct tmk_columns_product *product,
                                             const struct tmk_exec *exec);

/* struct tmk_impl's workspace(): for the padded image, its columns, and bwd_d's copy of w, each of
 * a whole image; a multiple of TMK_ALIGN. SIZE_MAX if that overflows. */
size_t tmk_columns_workspace(const struct tmk_impl *self, const struct tmk_problem *problem,
                             enum tmk_dir dir, int threads);

/* Bytes that the columns of all images cost: written once and read once, 2 * N * G * depth * cols
 * elements. */
double tmk_columns_bytes(const struct tmk_problem *problem, enum tmk_dir dir);

/* Shapes, strides and dtypes of the product, without memory. TMK_EINVAL if sizes overflow. */
enum tmk_status tmk_columns_shape(const struct tmk_problem *problem, enum tmk_dir dir,
                                  struct tmk_columns_product *out);

/* Run one direction, bias included. Notes padding and columns as the phase pack. TMK_EINVAL:
 * workspace too small. */
enum tmk_status tmk_columns_run(const struct tmk_problem *problem, enum tmk_dir dir,
                                const struct tmk_args *args, const struct tmk_exec *exec,
                                tmk_columns_multiply *multiply);

#endif
