/* What an operation is to the rest of the suite: problems, operands, an oracle, and a list of
 * implementations. matmul and conv2d each fill in one struct tmk_op; listing, verifying, timing
 * and reporting see nothing else.
 *
 * Every operation has the operands of a linear layer, in the field's words:
 *
 *   operand   matmul            conv2d                        written by
 *   SRC       A  (..., M, K)    x  (N, IC, IH, IW)            bwd_d (its gradient)
 *   WEI       B  (..., K, N)    w  (OC, IC/groups, KH, KW)    bwd_w (its gradient)
 *   BIA       -                 b  (OC)                       bwd_w (its gradient), if the problem
 * has one DST       C  (..., M, N)    y  (N, OC, OH, OW)            fwd
 *
 * Backward directions read the gradient of DST in DST's place. The axis order of the views is
 * always the one above; NCHW or NHWC is a matter of strides. Outputs are overwritten. No two
 * operands overlap. */
#ifndef TMK_OP_OP_H
#define TMK_OP_OP_H

#include "exec.h"
#include "status.h"
#include "view.h"

enum tmk_dir { TMK_FWD, TMK_BWD_D, TMK_BWD_W, TMK_NDIRS };
extern const char *const tmk_dir_name[TMK_NDIRS]; /* "fwd", "bwd_d", "bwd_w" */

enum tmk_operand { TMK_SRC, TMK_WEI, TMK_BIA, TMK_DST, TMK_NOPERANDS };

/* The operand that a direction writes: DST, SRC, WEI (bwd_w writes BIA as well). */
extern const enum tmk_operand tmk_dir_output[TMK_NDIRS];
/* True if `dir` writes this operand. */
bool tmk_dir_writes(enum tmk_dir dir, enum tmk_operand operand);

/* Memory order of conv2d's tensors. nchw: x NCHW, w OIHW, y NCHW. nhwc: x NHWC, w OHWI, y NHWC
 * (PyTorch's channels_last). matmul has TMK_NCHW always, and prints "row". */
enum tmk_layout { TMK_NCHW, TMK_NHWC, TMK_NLAYOUTS };
extern const char *const tmk_layout_name[TMK_NLAYOUTS];

struct tmk_op;

#define TMK_NAME_MAX 64
#define TMK_DESC_MAX 256

/* The head of every op's problem struct (its first member). */
struct tmk_problem {
    const struct tmk_op *op;
    enum tmk_dtype dtype;
    enum tmk_layout layout;
    unsigned multiplicity;   /* how often the layer stands in its network, >= 1 */
    char name[TMK_NAME_MAX]; /* "resnet50:res2a_branch2b", or "" */
};

struct tmk_args {
    struct tmk_view operand[TMK_NOPERANDS]; /* an absent bias has data NULL and shape (0) */
};

/* How an implementation's result may differ from the exact one. */
enum tmk_accuracy {
    TMK_COMPONENTWISE, /* |error| <= gamma_K * sum |a||b| for every element; exact on small integers
                        */
    TMK_NORMWISE       /* Winograd and the like: bounded relative to the largest element only */
};

/* An implementation: one file, one exported table. Kernels neither allocate, print nor exit.
 *
 * Most are run() and little more. A library that plans a call before it can make it,
 * or keeps operands in a layout of its own, does so in prepare(), which is not timed:
 *
 *     prepare(..., &exec->state);  run(..., exec) any number of times;  finish(..., exec);
 *     release(exec->state);
 *
 * with the same problem, direction, operands and thread count throughout. Several implementations
 * may share functions, which tell them apart by `self`, and run() by what prepare() made. */
struct tmk_impl {
    const char *name;    /* the same word in file, symbol, command line, CSV and legend */
    const char *summary; /* one line */
    enum tmk_accuracy accuracy;
    bool bits_vary; /* true: not the same bits at any thread count, for it chooses by measuring */
    /* What `auto` may choose (auto.h): for calls of up to so many FLOPs. 0: none; INFINITY: all. */
    double auto_flops;
    int peer; /* the number of the library (peers.h), for those on a library of others */
    /* Peers: true if there is nothing of the library on this machine. NULL pointer: it is there. */
    bool (*absent)(const struct tmk_impl *self);
    /* NULL if it can do this, else the reason why not, as in "needs stride 1". NULL pointer: it can
     * do everything. */
    const char *(*supports)(const struct tmk_impl *self, const struct tmk_problem *problem,
                            enum tmk_dir dir);
    /* The same of a number of threads: NULL if it runs on exactly so many. NULL pointer: on any. */
    const char *(*supports_threads)(const struct tmk_impl *self, int threads);
    /* Bytes of workspace; SIZE_MAX if that overflows. NULL pointer: none. */
    size_t (*workspace)(const struct tmk_impl *self, const struct tmk_problem *problem,
                        enum tmk_dir dir, int threads);
    /* Bytes that one call moves besides the operands because of how it works: im2col writes its
     * columns and reads them again. For rooflines. NULL pointer: none worth counting. */
    double (*extra_bytes)(const struct tmk_problem *problem, enum tmk_dir dir);
    enum tmk_status (*run)(const struct tmk_problem *problem, enum tmk_dir dir,
                           const struct tmk_args *args, const struct tmk_exec *exec);
    /* Make *state from the filled inputs; exec's own state is not set yet, and what is in its
     * workspace does not last. Nothing is left behind on failure. NULL pointer: nothing to do. */
    enum tmk_status (*prepare)(const struct tmk_impl *self, const struct tmk_problem *problem,
                               enum tmk_dir dir, const struct tmk_args *args,
                               const struct tmk_exec *exec, void **state);
    /* Bring what run() left in the state into the outputs of `args`. NULL pointer: it is there. */
    enum tmk_status (*finish)(const struct tmk_problem *problem, enum tmk_dir dir,
                              const struct tmk_args *args, const struct tmk_exec *exec);
    /* Free the state. NULL pointer: there is none. */
    void (*release)(void *state);
};

/* What a batch file's options say about the descriptors after them (see batch.h). */
struct tmk_context {
    size_t mb; /* conv2d: batch size instead of the descriptor's; 0: its own */
    enum tmk_dtype dtype;
    enum tmk_layout layout;
    const char *stag, *wtag; /* matmul: "ab" or "ba" for the last two dimensions; NULL: "ab" */
    const char *strides;     /* matmul: "S:W:D", each "1x2x..." or empty; NULL: dense */
    bool no_bias;            /* conv2d: the problem has no bias (--dir=FWD_D, BWD_W) */
};

struct tmk_op {
    const char *name; /* "conv2d" */
    const char *summary;
    const char *grammar;                 /* help text: the descriptor's grammar with examples */
    size_t problem_size;                 /* sizeof the op's problem struct */
    const struct tmk_impl *const *impls; /* NULL-terminated, slowest rung first */
    /* Other projects' libraries, which are not held to the same bits at any thread count; as
     * `impls`, but one without a name ends the list too, so that it may grow. May be NULL. */
    const struct tmk_impl *const *peers;
    /* An implementation of nothing: the problem's multiply-adds in registers alone, which take as
     * long as the machine needs for them at best. It runs if it is named, and has no result that
     * could be checked. May be NULL. */
    const struct tmk_impl *ceiling;

    /* Read a descriptor. TMK_EINVAL: malformed or impossible. TMK_EUNSUPPORTED: well-formed but not
     * offered here (3-D); the message says what. `out` has problem_size bytes. */
    enum tmk_status (*parse)(const char *desc, const struct tmk_context *context,
                             struct tmk_problem *out);
    /* The canonical descriptor without name: parses back to the same problem (matmul's tags and
     * strides stand before it as --stag=ba and so on). TMK_DESC_MAX always suffices. */
    void (*format)(const struct tmk_problem *problem, char *buf, size_t size);
    /* FLOPs of one call: 2 per multiply-add, padding taps counted. */
    double (*flops)(const struct tmk_problem *problem, enum tmk_dir dir);
    /* The same without the taps that fall on padding. */
    double (*flops_unpadded)(const struct tmk_problem *problem, enum tmk_dir dir);
    /* Compulsory memory traffic in bytes: every operand once. */
    double (*bytes)(const struct tmk_problem *problem, enum tmk_dir dir);
    /* Products summed into one output element, for gamma_K. */
    size_t (*depth)(const struct tmk_problem *problem, enum tmk_dir dir);
    /* The problem that is left of a direction's if the columns (output channels, for bwd_d input
     * channels) are summed up in each group, in `out` of problem_size bytes. See sums.h. NULL
     * pointer: not offered. */
    void (*thin)(const struct tmk_problem *problem, enum tmk_dir dir, struct tmk_problem *out);
    /* Shape and strides of an operand in elements (data NULL); *count is the number of elements to
     * allocate for it. TMK_EINVAL if sizes overflow. */
    enum tmk_status (*operand)(const struct tmk_problem *problem, enum tmk_operand operand,
                               struct tmk_view *view, size_t *count);
    /* The reference: serial, in double, never timed. Reads `args`, whose output operands are
     * ignored; writes the f64 views of `out` that the direction writes, and, if `magnitude` is not
     * NULL, the sums of |a||b| into its views. */
    enum tmk_status (*oracle)(const struct tmk_problem *problem, enum tmk_dir dir,
                              const struct tmk_args *args, const struct tmk_args *out,
                              const struct tmk_args *magnitude);
};

/* Set the name and multiplicity of a problem whose name is still empty from what follows the 'n' of
 * a descriptor: quotes are taken off, "*3" at the end is the multiplicity, the rest is cut to what
 * fits. `desc` is for the message. TMK_EINVAL: the multiplicity is out of range. */
enum tmk_status tmk_problem_set_name(const char *desc, const char *name, struct tmk_problem *out);

/* All operands of a problem as op->operand() describes them: shapes and strides without memory. */
enum tmk_status tmk_op_operands(const struct tmk_problem *problem, struct tmk_args *args);

/* The i-th implementation, our own, peers, the ceiling; NULL past the last. */
const struct tmk_impl *tmk_op_impl_at(const struct tmk_op *op, size_t i);

/* The implementation of that name, or NULL. */
const struct tmk_impl *tmk_op_impl(const struct tmk_op *op, const char *name);

/* impl->absent(), or false if it has none. */
bool tmk_impl_absent(const struct tmk_impl *impl);

/* The name of op->ceiling, "" if there is none. */
const char *tmk_op_ceiling(const struct tmk_op *op);

/* Is it one of the op's own implementations, neither a peer nor the ceiling? */
bool tmk_op_owns(const struct tmk_op *op, const char *name);

/* NULL if `impl` offers this direction of this problem, else the reason why not. */
const char *tmk_impl_refusal(const struct tmk_impl *impl, const struct tmk_problem *problem,
                             enum tmk_dir dir);

/* The same, on this many threads. */
const char *tmk_impl_refusal_on(const struct tmk_impl *impl, const struct tmk_problem *problem,
                                enum tmk_dir dir, int threads);

/* impl->workspace(), or 0 if it has none. */
size_t tmk_impl_workspace(const struct tmk_impl *impl, const struct tmk_problem *problem,
                          enum tmk_dir dir, int threads);

/* impl->extra_bytes(), or 0 if it has none. */
double tmk_impl_extra_bytes(const struct tmk_impl *impl, const struct tmk_problem *problem,
                            enum tmk_dir dir);

/* impl->prepare() into exec->state, NULL if it has none; and impl->release() of it. */
enum tmk_status tmk_impl_prepare(const struct tmk_impl *impl, const struct tmk_problem *problem,
                                 enum tmk_dir dir, const struct tmk_args *args,
                                 struct tmk_exec *exec);
void tmk_impl_release(const struct tmk_impl *impl, struct tmk_exec *exec);

/* One call from beginning to end, for those who do not time it: prepare, run, finish, release. */
enum tmk_status tmk_impl_call(const struct tmk_impl *impl, const struct tmk_problem *problem,
                              enum tmk_dir dir, const struct tmk_args *args, struct tmk_exec *exec);

#endif
