/* A graph of tensor operations that knows its own gradient: reverse-mode automatic differentiation
 * (Baydin et al. 2018, section 3.2).
 *
 * Building computes nothing: every operator of ops.h appends a node whose shape, and whose needs of
 * memory, are known at once. tmk_graph_memory() is therefore the dry run of a step. The first value
 * asked for takes that memory from an arena; tmk_graph_reset() gives all of it back and keeps it
 * for the next step:
 *
 *     tmk_graph_make(&options, &graph);
 *     for each step:
 *         tmk_graph_reset(graph);                          (only if shapes change)
 *         loss = tmk_ad_cross_entropy(model(tmk_ad_input(graph, &x), parameters), labels);
 *         TMK_TRY(tmk_graph_status(graph));
 *         TMK_TRY(tmk_ad_backward(loss));
 *         TMK_TRY(tmk_sgd_step(&sgd, parameters));
 *
 * A graph may as well be built once and asked again and again: a node is computed anew when, and
 * only when, a variable below it was written since (variable.h), so that nothing stale is returned.
 *
 * The first fault in building sticks in the graph: the operator returns NULL, operators on NULL
 * return NULL, and tmk_graph_status() tells. Expressions need not look at every node.
 *
 * Nodes hold strided views. reshape, transpose, broadcast_to and slice copy nothing where strides
 * suffice; a broadcast is a stride of 0, and its gradient is a sum through that same stride.
 *
 * One graph belongs to one thread; its operators run on options.threads OpenMP threads and give the
 * same bits at any number of them. */
#ifndef TMK_AUTODIFF_GRAPH_H
#define TMK_AUTODIFF_GRAPH_H

#include "op.h"
#include "variable.h"

struct tmk_graph;
struct tmk_operator;

struct tmk_graph_options {
    int threads; /* >= 1 */
    /* Implementations in order of preference, NULL-terminated: each convolution, and each matrix
     * product, is run in each direction by the first that offers it. NULL: "blocked". The array
     * must outlive the graph. TMK_EUNSUPPORTED in building if none offers a problem. */
    const struct tmk_impl *const *conv2d, *const *matmul;
    bool timing; /* note seconds in every node's cost */
};

/* Where a node's time went since it was built, and how much arithmetic a pass over it is. */
struct tmk_node_cost {
    double seconds[2];        /* [0] forward, [1] backward; with options.timing */
    double kernel_seconds[2]; /* the part of it inside struct tmk_impl kernels */
    double flops[2];          /* one pass, 2 per multiply-add; conv2d and matmul only, else 0 */
};

/* A node; everything here is for reading only. Its number is its place in order of building. */
struct tmk_node {
    struct tmk_graph *graph;
    const struct tmk_operator *op;
    size_t number;
    char label[40];        /* "" unless tmk_ad_label() was called */
    struct tmk_view value; /* shape and strides from the start; contents: ask tmk_ad_value() */
    bool needs_gradient;   /* a parameter is below it */
    size_t uses;           /* how often later nodes take it as input */
    int ninputs;
    struct tmk_node **input;
    struct tmk_node_cost cost;

    /* private to src/autodiff */
    const struct tmk_variable *variable; /* of a leaf; NULL: an operator's result or a constant */
    void *params;                        /* the operator's own */
    void *gradient;                      /* dense row-major, value's shape */
    void *saved;                         /* what forward keeps for backward */
    size_t saved_bytes;
    uint64_t version; /* the newest version below it when its value was computed; 0: never */
    uint64_t fresh;   /* the newest version of all when it was last seen to be up to date */
    uint64_t pass;    /* the last backward pass that gave it a gradient */
    uint64_t mark;    /* the last walk that came by */
};

/* The operator's name: "input", "parameter", "conv2d", "relu", ... */
const char *tmk_node_kind(const struct tmk_node *node);

enum tmk_status tmk_graph_make(const struct tmk_graph_options *options, struct tmk_graph **out);
void tmk_graph_free(struct tmk_graph *graph);

/* Forget every node and every fault; keep the memory. */
void tmk_graph_reset(struct tmk_graph *graph);

/* TMK_OK, or the first fault in building since the last reset, whose message is renewed. */
enum tmk_status tmk_graph_status(const struct tmk_graph *graph);

size_t tmk_graph_size(const struct tmk_graph *graph); /* nodes */
struct tmk_node *tmk_graph_node(const struct tmk_graph *graph, size_t number);

/* Dropout draws from (seed, step): set before each step of training. Nodes below which there is a
 * dropout count as changed. A new graph has (0, 0); reset keeps them. */
void tmk_graph_set_step(struct tmk_graph *graph, uint64_t seed, uint64_t step);

/* Bytes that values and gradients of all nodes built so far need: an upper bound for any sequence
 * of values and backward passes until the next reset. Variables belong to the caller and do not
 * count. */
struct tmk_graph_memory {
    size_t nodes;     /* the graph itself */
    size_t values;    /* results of operators that are no views */
    size_t saved;     /* what forward keeps for backward */
    size_t gradients; /* of parameters and of all that depends on them */
    size_t workspace; /* the largest that any operator needs while it runs */
    size_t total;
};
struct tmk_graph_memory tmk_graph_memory(const struct tmk_graph *graph);

/* Bytes that the graph holds from the system now; does not grow from one equal step to the next. */
size_t tmk_graph_allocated(const struct tmk_graph *graph);

/* -- leaves -- */

/* A leaf on the variable's memory, which is not copied; the variable must outlive the node. A
 * parameter gets a gradient, an input does not. */
struct tmk_node *tmk_ad_parameter(struct tmk_graph *graph, const struct tmk_variable *variable);
struct tmk_node *tmk_ad_input(struct tmk_graph *graph, const struct tmk_variable *variable);

/* A constant scalar, shape (). */
struct tmk_node *tmk_ad_scalar(struct tmk_graph *graph, enum tmk_dtype dtype, double value);

/* Name a node after its layer, for reports. Cut to fit. Returns it; NULL stays NULL. */
struct tmk_node *tmk_ad_label(struct tmk_node *node, const char *label);

/* -- running -- */

/* The node's value: computes, in topological order, whatever below it is out of date. The view
 * holds until the next reset, its contents until a variable is written. TMK_EINVAL: the node is
 * NULL because building failed (that message), or a value is impossible (a label that is no class);
 * TMK_ENOMEM. */
enum tmk_status tmk_ad_value(struct tmk_node *node, struct tmk_view *out);

/* The value of a node with one element. TMK_EINVAL: it has more or none. */
enum tmk_status tmk_ad_number(struct tmk_node *node, double *out);

/* Gradients of a node with one element with respect to everything below it that needs one. Brings
 * values up to date first. Replaces all earlier gradients of the graph. TMK_EINVAL: not one
 * element, or no parameter below it. */
enum tmk_status tmk_ad_backward(struct tmk_node *node);

/* d(that node) / d(node), dense row-major in node's shape; zeros if it does not depend on it.
 * TMK_EINVAL: no backward pass yet, a variable below it was written since the last one, or the node
 * needs no gradient. */
enum tmk_status tmk_ad_gradient(struct tmk_node *node, struct tmk_view *out);

#endif
