#include "inception_audit.h"
#include "cost.h"
#include "numbers.h"

#include <math.h>
#include <string.h>

#define KILO 1024.0
#define MILLION 1e6

/* What Szegedy et al. 2015 print in table 1, columns "params" and "ops". */
static const struct printed {
    const char *name, *module; /* a row of the paper, and its module in src/nets */
    double weights, macs;      /* in K and M */
    int decimals;              /* of the weights */
} printed_rows[TMK_AUDIT_ROWS] = {
    {"conv 7x7/2", "conv1", 2.7, 34, 1},
    {"conv 3x3/1", "conv2", 112, 360, 0},
    {"inception (3a)", "inception_3a", 159, 128, 0},
    {"inception (3b)", "inception_3b", 380, 304, 0},
    {"inception (4a)", "inception_4a", 364, 73, 0},
    {"inception (4b)", "inception_4b", 437, 88, 0},
    {"inception (4c)", "inception_4c", 463, 100, 0},
    {"inception (4d)", "inception_4d", 580, 119, 0},
    {"inception (4e)", "inception_4e", 840, 170, 0},
    {"inception (5a)", "inception_5a", 1072, 54, 0},
    {"inception (5b)", "inception_5b", 1388, 71, 0},
    {"linear", "classifier", 1000, 1, 0},
    {"total", NULL, 0, 1500, 0},
};

static struct tmk_audit_figure make_figure(double computed, double unit, double printed,
                                           int decimals, double step)
{
    return (struct tmk_audit_figure){.computed = computed,
                                     .unit = unit,
                                     .printed = printed,
                                     .decimals = decimals,
                                     .agrees = fabs(printed - computed / unit) <= step / 2};
}

/* A separable 7x7 of 8 filters a channel explains both of the first row's figures, and the total.
 */
enum { IMAGE = 3, FILTERS = 8, KERNEL = 7, MAPS = 64, POSITIONS = 112 * 112 };
static const double separable_weights =
    IMAGE * FILTERS * KERNEL * KERNEL + IMAGE * FILTERS * MAPS; /* depthwise, then 1x1 */

static void explain_first(struct tmk_audit_row *row)
{
    snprintf(row->explanation, sizeof row->explanation,
             "a separable 7x7 (8 filters a channel, then 1x1) has %.0f weights and takes %.1f M",
             separable_weights, separable_weights * POSITIONS / MILLION);
}

static void explain_total(struct tmk_audit_row *row, double first)
{
    double separable = row->macs.computed - first + separable_weights * POSITIONS;
    snprintf(row->explanation, sizeof row->explanation,
             "with that separable 7x7 the total is %.1f M", separable / MILLION);
}

/* A weight of a convolution is used once at every position. */
static void explain_module(struct tmk_audit_row *row)
{
    double positions = row->macs.computed / row->weights.computed;
    double implied = row->weights.printed * KILO * positions / MILLION;
    if (row->weights.agrees && row->macs.agrees)
        return;
    double off = row->weights.printed - row->weights.computed / KILO;
    if (row->macs.agrees && round(implied) == row->macs.printed)
        snprintf(row->explanation, sizeof row->explanation,
                 "%+.0f K, too little to show in the operations", off);
    else if (round(implied) == row->macs.printed)
        snprintf(
            row->explanation, sizeof row->explanation,
            "the two figures agree with each other (%.0f K x %.0f positions = %.0f M), not with "
            "the channels beside them",
            row->weights.printed, positions, implied);
    else
        snprintf(row->explanation, sizeof row->explanation,
                 "%.0f K x %.0f positions would be %.0f M: the row's own %.0f M fit the channels",
                 row->weights.printed, positions, implied, row->macs.printed);
}

static const struct tmk_cost *find_cost(const struct tmk_cost_table *table, const char *module)
{
    for (size_t i = 0; module && i < table->count; i++)
        if (strcmp(table->rows[i].name, module) == 0)
            return &table->rows[i].cost;
    return &table->total;
}

static void audit(const struct tmk_cost_table *table, struct tmk_audit_row rows[TMK_AUDIT_ROWS])
{
    for (int i = 0; i < TMK_AUDIT_ROWS; i++) {
        const struct printed *p = &printed_rows[i];
        const struct tmk_cost *cost = find_cost(table, p->module);
        double weights_step = p->decimals ? 0.1 : 1, macs_step = p->module ? 1 : 100;
        rows[i] = (struct tmk_audit_row){.name = p->name};
        rows[i].weights = make_figure(cost->weights, KILO, p->weights, p->decimals, weights_step);
        rows[i].macs = make_figure(cost->macs, MILLION, p->macs, 0, macs_step);
        if (!p->module)
            rows[i].weights.agrees = true; /* the paper prints none */
        else if (i > 0)
            explain_module(&rows[i]);
    }
    explain_first(&rows[0]);
    explain_total(&rows[TMK_AUDIT_ROWS - 1], rows[0].macs.computed);
}

enum tmk_status tmk_audit_make(struct tmk_audit_row rows[TMK_AUDIT_ROWS])
{
    struct tmk_net net;
    struct tmk_cost_table table;
    TMK_TRY(tmk_net_make("googlenet", 0, 0, &net));
    enum tmk_status status = tmk_cost_table_make(&net, TMK_BY_MODULE, 1, &table);
    if (status == TMK_OK) {
        audit(&table, rows);
        tmk_cost_table_free(&table);
    }
    tmk_net_free(&net);
    return status;
}
