/* What the files of `tilemark train` share: options, data, the model that a network table becomes,
 * training itself, and what is kept of it.
 *
 * One stream of random numbers, MT19937 from the seed, gives the first parameters, then synthetic
 * data, then the order of the images in every epoch. Dropout draws by (seed, step). So a run is a
 * function of its options, at any number of threads. */
#ifndef TMK_ANALYSIS_TRAIN_H
#define TMK_ANALYSIS_TRAIN_H

#include "nets.h"
#include "ops.h"
#include "optim.h"
#include "random.h"

#include <limits.h>

/* -- options -- */

struct tmk_train_options {
    char net[64];
    char images[PATH_MAX], labels[PATH_MAX]; /* absolute; "": synthetic data */
    size_t synthetic;                        /* images; 0: from the files */
    double contrast;                         /* of synthetic images */
    double fraction;                         /* of the images, the first ones */
    bool random_labels, in_order;
    size_t batch, epochs;
    double lr, momentum, weight_decay;
    uint32_t seed;
    enum tmk_dtype dtype;
    char impl[128]; /* "blocked", "conv2d=im2col,matmul=naive" */
    int threads;
};

/* Lists for tmk_graph_options, NULL-terminated: what was asked for, then blocked. */
struct tmk_train_impls {
    const struct tmk_impl *conv2d[3], *matmul[3];
};

/* Read options.impl: a word stands for the implementation of that name of every operator that has
 * one. TMK_EINVAL: unknown names. */
enum tmk_status tmk_train_choose(const char *impl, struct tmk_train_impls *out);

/* -- data -- */

struct tmk_dataset {
    size_t count, channels, height, width;
    float *images; /* (count, channels, height, width) */
    unsigned char *labels;
};

/* Read IDX files, gzipped or not (http://yann.lecun.com/exdb/mnist): a big-endian magic number
 * 0x00000803 (count, height, width) or 0x00000804 (count, channels, height, width), the sizes, and
 * a byte per pixel, which become 0 to 1; 0x00000801 (count) and a byte per label. TMK_EIO: cannot
 * be opened; TMK_EINVAL: malformed, truncated, or of different counts. */
enum tmk_status tmk_dataset_read(const char *images, const char *labels, struct tmk_dataset *out);

/* Fill in a data set whose sizes are set: images of normal pixels, of mean 0 and standard deviation
 * `contrast`. */
enum tmk_status tmk_dataset_draw_images(struct tmk_dataset *data, double contrast,
                                        struct tmk_random *random);
/* Labels uniform in [0, classes), or [0, 256) if that is less, instead of those that it has. */
enum tmk_status tmk_dataset_draw_labels(struct tmk_dataset *data, size_t classes,
                                        struct tmk_random *random);
/* TMK_EINVAL: a label is no class. */
enum tmk_status tmk_dataset_check(const struct tmk_dataset *data, size_t classes);
uint32_t tmk_dataset_checksum(const struct tmk_dataset *data); /* CRC-32 */
void tmk_dataset_free(struct tmk_dataset *data);

/* -- model -- */

/* A parameter and how it starts: U(-bound, bound), or `start` everywhere if bound is 0. */
struct tmk_model_parameter {
    struct tmk_variable tensor;
    double bound, start;
};

/* A network table as a graph: logits and loss of a batch of images. Parameters are, layer by layer,
 * conv (OC, IC/groups, KH, KW), linear (IN, OUT), each with its bias (OC) if it has one, and batch
 * norm's scale and shift (C). */
struct tmk_model {
    const struct tmk_net *net;
    enum tmk_dtype dtype;
    struct tmk_graph *graph;
    size_t count; /* parameters */
    struct tmk_model_parameter *parameter;
    struct tmk_node **leaf; /* of each parameter */
    size_t batch;           /* what the graph is built for */
    void *memory[2];        /* of the largest batch: images and labels; NULL: shapes only */
    struct tmk_variable images, labels;
    struct tmk_node *logits, *loss;
    struct tmk_node **output; /* of each layer */
};

/* Everything but memory for the tensors, so that memory and FLOPs of a step are known. net and the
 * lists of options outlive the model. TMK_EUNSUPPORTED: a layer has no operator here. */
enum tmk_status tmk_model_plan(const struct tmk_net *net, enum tmk_dtype dtype, size_t batch,
                               const struct tmk_graph_options *options, struct tmk_model *out);

/* Take the memory for parameters and batch, and draw the parameters as PyTorch's defaults have
 * them: weights and bias U(-1/sqrt(fan_in), 1/sqrt(fan_in)), scale 1, shift 0. */
enum tmk_status tmk_model_start(struct tmk_model *model, struct tmk_random *random);

/* Build the graph again for a batch of another size, at most that of the plan. */
enum tmk_status tmk_model_build(struct tmk_model *model, size_t batch);
void tmk_model_free(struct tmk_model *model);

size_t tmk_model_classes(const struct tmk_net *net);
size_t tmk_model_parameter_bytes(const struct tmk_model *model);
size_t tmk_model_batch_bytes(const struct tmk_model *model); /* images and labels */
double tmk_model_flops(const struct tmk_model *model);       /* forward and backward of one batch */

/* -- where time goes -- */

struct tmk_profile_row {
    char layer[TMK_LAYER_NAME_MAX], operator[24];
    double seconds[2], kernel_seconds[2], flops[2]; /* [0] forward, [1] backward */
};
struct tmk_profile {
    struct tmk_profile_row *rows; /* in order of the first pass */
    size_t count;
    size_t steps;
    double seconds; /* of all steps, batches and optimiser included */
};
/* Add what the nodes of the graph took in the `steps` steps since it was built. */
enum tmk_status tmk_profile_add_graph(struct tmk_profile *profile, const struct tmk_graph *graph,
                                      size_t steps);
/* Add seconds spent outside of the graph. */
enum tmk_status tmk_profile_add(struct tmk_profile *profile, const char *layer,
                                const char *operator, double seconds);
double tmk_profile_kernel_share(const struct tmk_profile *profile); /* 0 to 1, of seconds */
void tmk_profile_free(struct tmk_profile *profile);

/* -- training -- */

struct tmk_epoch {
    double loss, accuracy; /* means over the epoch's images, each seen before its own step */
    double seconds;
};

struct tmk_trainer {
    struct tmk_train_options options;
    struct tmk_train_impls impls;
    struct tmk_net net;
    struct tmk_dataset data;
    struct tmk_model model;
    struct tmk_sgd sgd;
    struct tmk_variable **parameters;
    struct tmk_random random;
    size_t *order;         /* of the images in this epoch */
    uint64_t epoch, step;  /* done */
    struct tmk_epoch *log; /* of the epochs done */
    struct tmk_profile profile;
    size_t built_steps; /* since the graph was built */
    double batch_seconds, sgd_seconds;
};

struct tmk_train_memory {
    size_t data, batch, parameters, optimiser;
    struct tmk_graph_memory graph;
    size_t total;
};

/* Network, sizes of the data and graph, without memory for tensors. It must not move then; free it
 * after a failure as well. */
enum tmk_status tmk_trainer_plan(const struct tmk_train_options *options, struct tmk_trainer *out);
struct tmk_train_memory tmk_trainer_memory(const struct tmk_trainer *trainer);
/* TMK_ENOMEM: more than the system has left. */
enum tmk_status tmk_trainer_check_memory(const struct tmk_trainer *trainer);
/* Take the memory, draw parameters and data. TMK_ENOMEM before anything is taken if it will not
 * fit. */
enum tmk_status tmk_trainer_start(struct tmk_trainer *trainer);
/* One step on the images order[first], ..., order[first + count - 1]; adds to the sum of their
 * losses and to the number that are classified rightly. */
enum tmk_status tmk_trainer_step(struct tmk_trainer *trainer, size_t first, size_t count,
                                 double *loss, size_t *right);
/* One epoch, which goes into log[]. `watch(context, images done, loss so far, right so far)` after
 * each step; false: TMK_EINTR. NULL: nobody watches. */
typedef bool tmk_train_watch(void *context, size_t images, double loss, double accuracy);
enum tmk_status tmk_trainer_epoch(struct tmk_trainer *trainer, tmk_train_watch *watch,
                                  void *context);
/* Let the profile have all steps so far. */
enum tmk_status tmk_trainer_harvest(struct tmk_trainer *trainer);
void tmk_trainer_free(struct tmk_trainer *trainer);

/* -- on disk -- */

/* Is there FOLDER/checkpoint? */
bool tmk_checkpoint_exists(const char *folder);
/* Replace FOLDER/checkpoint, and before it FOLDER/epochs.csv; the folder is there. Each is written
 * beside its place, forced to the disk and renamed, so that there is a whole one at any moment. */
enum tmk_status tmk_checkpoint_write(struct tmk_trainer *trainer, const char *folder);
/* The options that it was made with. */
enum tmk_status tmk_checkpoint_options(const char *folder, struct tmk_train_options *out);
/* Go back to where a started trainer of these options was then. TMK_EINVAL: damaged, or of other
 * data. */
enum tmk_status tmk_checkpoint_load(struct tmk_trainer *trainer, const char *folder);

/* Options that the command line states (they differ from `usual`) and that are not those of the
 * checkpoint: TMK_EINVAL. Epochs and threads may differ. */
enum tmk_status tmk_checkpoint_agree(const struct tmk_train_options *given,
                                     const struct tmk_train_options *usual,
                                     const struct tmk_train_options *stored);

/* -- reports -- */

/* Curves, times, and a chapter of the report into FOLDER; the times are printed as well. */
enum tmk_status tmk_train_report(struct tmk_trainer *trainer, const char *folder, int argc,
                                 const char **argv);
enum tmk_status tmk_train_print_memory(const struct tmk_trainer *trainer);

/* A step by each implementation (a list of words, NULL: all of conv2d, or of matmul) and at each
 * number of threads; picture, table and chapter into FOLDER unless it is NULL. */
struct tmk_train_bench {
    const char *impls;
    const int *threads;
    size_t nthreads;
    double budget_s;
    const char *folder;
    int argc;
    const char **argv;
};
enum tmk_status tmk_train_bench(const struct tmk_train_options *options,
                                const struct tmk_train_bench *bench);

#endif
