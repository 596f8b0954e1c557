#include "conv2d.h"
#include "mlp_vectors.h"
#include "progress.h"
#include "vectors.h"
#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The files to check, in the order in which their names sort. */
struct paths {
    char **path;
    size_t count;
};

static enum tmk_status paths_add(struct paths *paths, const char *path)
{
    char **grown = realloc(paths->path, (paths->count + 1) * sizeof *grown);
    if (grown)
        paths->path = grown;
    char *copy = strdup(path);
    if (!grown || !copy) {
        free(copy);
        return tmk_fail(TMK_ENOMEM, "no memory for the list of vectors");
    }
    paths->path[paths->count++] = copy;
    return TMK_OK;
}

static void paths_free(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->path[i]);
    free(paths->path);
}

static bool is_text(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, ".txt");
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum tmk_status walk(struct paths *paths, const char *path, bool named);

static enum tmk_status walk_directory(struct paths *paths, const char *path)
{
    struct dirent **entries;
    enum tmk_status status = TMK_OK;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0)
        return tmk_fail(TMK_EIO, "cannot list %s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *child = NULL;
        if (status == TMK_OK && asprintf(&child, "%s/%s", path, entries[i]->d_name) < 0)
            status = tmk_fail(TMK_ENOMEM, "no memory for a path below %s", path);
        if (status == TMK_OK)
            status = walk(paths, child, false);
        free(child);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* A file that the user names is read whatever it is called; below a directory only *.txt are. */
static enum tmk_status walk(struct paths *paths, const char *path, bool named)
{
    struct stat info;
    if (stat(path, &info))
        return tmk_fail(TMK_EIO, "cannot open %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return walk_directory(paths, path);
    return named || is_text(path) ? paths_add(paths, path) : TMK_OK;
}

static bool offers_dir(const struct tmk_vector *vector, enum tmk_dir dir)
{
    return dir == TMK_FWD || tmk_vector_find(vector, "gy");
}

static enum tmk_status check_problem(const struct tmk_selection *selection, struct tmk_tally *tally,
                                     const struct tmk_vector *vector,
                                     const struct tmk_problem *problem, struct tmk_tally_cell *cell)
{
    for (size_t t = 0; t < selection->nthreads && !tmk_cli_interrupted; t++) {
        struct tmk_verdict verdict = {0};
        cell->threads = selection->thread_counts[t];
        const char *refusal =
            tmk_impl_refusal_on(cell->row->impl, problem, cell->dir, cell->threads);
        enum tmk_status status = refusal ? tmk_fail(TMK_EUNSUPPORTED, "%s", refusal)
                                         : tmk_vector_check(vector, problem, cell->row->impl,
                                                            cell->dir, cell->threads, &verdict);
        TMK_TRY(tmk_tally_add(tally, cell, status, &verdict));
    }
    return TMK_OK;
}

/* One vector in one dtype and layout: every direction and implementation. */
static enum tmk_status check_variant(const struct tmk_selection *selection, struct tmk_tally *tally,
                                     const struct tmk_vector *vector,
                                     const struct tmk_problem *problem, const char *source)
{
    for (enum tmk_dir dir = 0; dir < TMK_NDIRS; dir++) {
        if (!selection->dirs[dir] || !offers_dir(vector, dir))
            continue;
        for (size_t i = 0; i < tally->nrows; i++) {
            struct tmk_tally_cell cell = {
                .row = &tally->rows[i], .problem = problem, .dir = dir, .source = source};
            if (cell.row->op == problem->op)
                TMK_TRY(check_problem(selection, tally, vector, problem, &cell));
        }
    }
    return TMK_OK;
}

/* A deep network takes all directions of matmul in turn, in f64. */
static enum tmk_status check_network(const struct tmk_selection *selection, struct tmk_tally *tally,
                                     const struct tmk_vector *vector, const char *source)
{
    struct tmk_problem problem;
    TMK_TRY(tmk_mlp_vector_problem(vector, &problem));
    for (size_t i = 0; i < tally->nrows; i++) {
        struct tmk_tally_cell cell = {
            .row = &tally->rows[i], .problem = &problem, .dir = TMK_FWD, .source = source};
        if (cell.row->op != problem.op)
            continue;
        for (size_t t = 0; t < selection->nthreads && !tmk_cli_interrupted; t++) {
            struct tmk_verdict verdict = {0};
            cell.threads = selection->thread_counts[t];
            enum tmk_status status =
                tmk_mlp_vector_check(vector, cell.row->impl, cell.threads, &verdict);
            TMK_TRY(tmk_tally_add(tally, &cell, status, &verdict));
        }
    }
    return TMK_OK;
}

/* A vector of convolution or of matrix multiplication in every chosen dtype and layout. */
static enum tmk_status check_op(const struct tmk_selection *selection, struct tmk_tally *tally,
                                const struct tmk_vector *vector, const char *source)
{
    bool has_layout = !strcmp(vector->op, tmk_op_conv2d.name);
    for (enum tmk_dtype dtype = 0; dtype < TMK_NDTYPES; dtype++) {
        for (enum tmk_layout layout = 0; layout < TMK_NLAYOUTS; layout++) {
            if (!selection->dtypes[dtype] ||
                !(has_layout ? selection->layouts[layout] : layout == TMK_NCHW))
                continue;
            struct tmk_problem *problem;
            TMK_TRY(tmk_vector_problem(vector, dtype, layout, &problem));
            enum tmk_status status = check_variant(selection, tally, vector, problem, source);
            free(problem);
            TMK_TRY(status);
        }
    }
    return TMK_OK;
}

static enum tmk_status check_vector(const struct tmk_selection *selection, struct tmk_tally *tally,
                                    const struct tmk_vector *vector, const char *source)
{
    enum tmk_status status;
    if (strcmp(vector->op, tmk_op_sigmoid_mlp.name))
        status = check_op(selection, tally, vector, source);
    else if (selection->dtypes[TMK_F64])
        status = check_network(selection, tally, vector, source);
    else
        status = tmk_fail(TMK_EUNSUPPORTED, "op 'sigmoid_mlp' is checked in f64 only");
    return status == TMK_EUNSUPPORTED ? tmk_tally_skip(tally, "vector", tmk_message()) : status;
}

static enum tmk_status check_file(const struct tmk_selection *selection, struct tmk_tally *tally,
                                  const char *path)
{
    struct tmk_vector vector;
    char *source;
    TMK_TRY(tmk_vector_read(path, &vector));
    enum tmk_status status = TMK_ENOMEM;
    if (asprintf(&source, "--vectors '%s'", path) < 0) {
        status = tmk_fail(TMK_ENOMEM, "no memory for the name of %s", path);
    } else {
        status = check_vector(selection, tally, &vector, source);
        free(source);
    }
    tmk_vector_free(&vector);
    return status;
}

static enum tmk_status check_files(const struct tmk_selection *selection, struct tmk_tally *tally,
                                   const struct paths *paths)
{
    struct tmk_progress progress;
    enum tmk_status status = TMK_OK;
    tmk_progress_begin(&progress, "verify", (double)paths->count);
    for (size_t i = 0; i < paths->count && status == TMK_OK && !tmk_cli_interrupted; i++) {
        tmk_progress_update(&progress, (double)i, paths->path[i]);
        status = check_file(selection, tally, paths->path[i]);
    }
    tmk_progress_end(&progress);
    if (status == TMK_OK)
        printf("%zu files\n\n", paths->count);
    return status;
}

enum tmk_status tmk_verify_vectors(const char *path, const struct tmk_selection *selection,
                                   struct tmk_tally *tally)
{
    struct paths paths = {0};
    enum tmk_status status = walk(&paths, path, true);
    if (status == TMK_OK && paths.count == 0)
        status = tmk_fail(TMK_EIO, "%s: no *.txt files below it", path);
    if (status == TMK_OK)
        status = check_files(selection, tally, &paths);
    paths_free(&paths);
    return status;
}
