/* What the files of this room share: how an operator is written down, and the graph it works in. */
#ifndef TMK_AUTODIFF_ROOM_H
#define TMK_AUTODIFF_ROOM_H

#include "arena.h"
#include "graph.h"

enum tmk_pass { TMK_FORWARD, TMK_BACKWARD };

/* An operator is one table. A leaf has none of these functions, a view only `look`. */
struct tmk_operator {
    const char *name;
    /* The view of the input that the node is; applied to the input's value and to its gradient. */
    enum tmk_status (*look)(const struct tmk_node *node, const struct tmk_view *input,
                            struct tmk_view *out);
    /* Compute node->value, dense row-major, from the inputs' values. */
    enum tmk_status (*forward)(struct tmk_node *node);
    /* Add what node's gradient means for its inputs to their gradients (tmk_gradient_begin()). */
    enum tmk_status (*backward)(struct tmk_node *node);
    /* Bytes of graph->workspace in a pass; NULL: none. */
    size_t (*workspace)(const struct tmk_node *node, enum tmk_pass pass);
    bool random; /* draws from the graph's seed and step */
};

struct tmk_graph {
    struct tmk_graph_options options;
    enum tmk_status status; /* the first fault in building, with its message */
    char message[256];

    struct tmk_node **nodes; /* in order of building */
    size_t count, capacity;
    size_t bound;                     /* the first so many have memory for their values, */
    size_t gradients;                 /* and the first so many for their gradients */
    struct tmk_ad_arena node_arena;   /* nodes and their parameters */
    struct tmk_ad_arena tensor_arena; /* values, saved data, gradients */
    void *workspace;
    size_t workspace_bytes;

    struct tmk_node *walk_root; /* of the last walk, */
    size_t walk_size;           /* when the graph had so many nodes: */
    struct tmk_node **order;    /* what it depends on, inputs before users, itself last */
    size_t order_count, order_capacity;
    struct tmk_frame {
        struct tmk_node *node;
        int todo; /* inputs not yet looked at; the last one goes first */
    } * stack;    /* of the walk; as many as order */
    uint64_t walks;

    uint64_t pass; /* counts backward passes */
    struct tmk_node *pass_root;
    uint64_t pass_version; /* of the root's value; 0: no gradients */

    uint64_t seed, step, step_version;
    size_t dropouts;
};

/* -- building -- */

/* Keep a fault in the graph (unless there is one already); gives NULL. */
struct tmk_node *tmk_graph_fail(struct tmk_graph *graph, enum tmk_status status);

/* Append a node. NULL if an input is NULL, or, with the fault kept, if inputs are of several graphs
 * or data types or the shape is impossible. `params` bytes of zeros come with it. */
struct tmk_node *tmk_node_new(const struct tmk_operator *op, int ninputs,
                              struct tmk_node *const *inputs, int ndim, const size_t *shape,
                              size_t params);

/* Append a view of `input`: op->look() on it; `params` are copied. */
struct tmk_node *tmk_node_view(const struct tmk_operator *op, struct tmk_node *input,
                               const void *params, size_t bytes);

/* "name: axis -5 of a tensor of 3 dimensions ..." unless -ndim <= *axis < ndim; makes it >= 0. */
enum tmk_status tmk_axis_check(const char *name, int *axis, int ndim);

/* -- memory -- */

/* Give every node built since the last time the memory of its value, or of its gradient. */
enum tmk_status tmk_bind_values(struct tmk_graph *graph);
enum tmk_status tmk_bind_gradients(struct tmk_graph *graph);

/* Make the workspace as large as the nodes of the current order need. */
enum tmk_status tmk_bind_workspace(struct tmk_graph *graph, enum tmk_pass pass);

/* -- running -- */

size_t tmk_node_bytes(const struct tmk_node *node); /* of its value, if it were dense */

/* The gradient of a node in its dense view. */
struct tmk_view tmk_gradient_view(const struct tmk_node *node);

/* False: input i needs no gradient. Else *out is where its gradient goes, and *first tells that
 * nothing is there yet: then all of it must be overwritten, later it must be added to. */
bool tmk_gradient_begin(struct tmk_node *node, int i, struct tmk_view *out, bool *first);

/* Make all elements 0, on several threads if there are many. */
void tmk_zero(const struct tmk_view *dense, int threads);

/* -- kernels -- */

/* The problem's implementation in each direction by the graph's preferences. TMK_EUNSUPPORTED: none
 * of them offers it. */
enum tmk_status tmk_choose_impl(const struct tmk_graph *graph, const struct tmk_problem *problem,
                                enum tmk_dir dir, const struct tmk_impl **out);

/* Run it in the workspace from byte `used` on, on the graph's threads, and note its time. */
enum tmk_status tmk_run_impl(struct tmk_node *node, const struct tmk_impl *impl,
                             const struct tmk_problem *problem, enum tmk_dir dir,
                             const struct tmk_args *args, size_t used);

/* Where a kernel, which overwrites, puts the gradient of input i: the gradient itself if nothing is
 * there yet, else `scratch`, from where tmk_kernel_target_end() adds it (drops it, if not wanted).
 */
struct tmk_kernel_target {
    struct tmk_view gradient, out;
    bool wanted, first;
};
struct tmk_kernel_target tmk_kernel_target_begin(struct tmk_node *node, int i, void *scratch);
void tmk_kernel_target_end(struct tmk_node *node, const struct tmk_kernel_target *target);

/* Bytes of that scratch: 0 where it can never be needed. */
size_t tmk_kernel_scratch(const struct tmk_node *node, int i);

#endif
