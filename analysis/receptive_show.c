/* The tables of `tilemark receptive`. */
#include "receptive.h"

#include "plot.h"
#include "size.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const char *const axis_name[TMK_NAXES] = {"row", "column"};

static bool same_axes(const struct tmk_fields *fields, int layer)
{
    const struct tmk_layer *l = &fields->net->layers[layer];
    const struct tmk_field *of = fields->of[layer];
    return l->oh == l->ow && of[0].size == of[1].size && of[0].jump == of[1].jump &&
           of[0].start == of[1].start;
}

/* Has the last layer, which may join branches, more than the last one listed? */
static bool joins_more(const struct tmk_receptive *receptive)
{
    const struct tmk_fields *fields = &receptive->fields;
    if (!receptive->nlisted)
        return false;
    const struct tmk_field *all = fields->of[fields->last];
    const struct tmk_field *one = fields->of[receptive->listed[receptive->nlisted - 1]];
    return all[TMK_ROWS].size > one[TMK_ROWS].size || all[TMK_COLUMNS].size > one[TMK_COLUMNS].size;
}

/* Does it change what the layer before it in the path has? */
static bool matters(const struct tmk_fields *fields, int layer)
{
    struct tmk_taps taps;
    for (enum tmk_axis axis = 0; axis < TMK_NAXES; axis++)
        if (tmk_layer_taps(&fields->net->layers[layer], axis, &taps) &&
            (taps.count > 1 || taps.stride > 1 || taps.padding > 0))
            return true;
    return false;
}

enum tmk_status tmk_receptive_make(const struct tmk_net *net, bool stack, struct tmk_receptive *out)
{
    *out = (struct tmk_receptive){.stack = stack, .alike = true};
    TMK_TRY(tmk_fields_make(net, &out->fields));
    const struct tmk_fields *fields = &out->fields;
    out->listed = calloc((size_t)fields->npath + 1, sizeof *out->listed);
    if (!out->listed) {
        tmk_receptive_free(out);
        return tmk_fail(TMK_ENOMEM, "no memory for the layers of %s", net->name);
    }
    out->alike = same_axes(fields, 0);
    for (int i = 0; i < fields->npath; i++) {
        out->alike &= same_axes(fields, fields->path[i]);
        if (stack || matters(fields, fields->path[i]))
            out->listed[out->nlisted++] = fields->path[i];
    }
    if (joins_more(out))
        out->listed[out->nlisted++] = fields->last;
    if (out->nlisted)
        return TMK_OK;
    tmk_receptive_free(out);
    return tmk_fail(TMK_EINVAL, "%s has no windows over an image: choose a convolutional network",
                    net->name);
}

void tmk_receptive_free(struct tmk_receptive *receptive)
{
    tmk_fields_free(&receptive->fields);
    free(receptive->listed);
    *receptive = (struct tmk_receptive){0};
}

/* "2i-3", "i", "i+6": jump * i + shift */
static int put_term(char *buf, size_t size, size_t jump, ptrdiff_t shift)
{
    char factor[32] = "";
    if (jump > 1)
        snprintf(factor, sizeof factor, "%zu", jump);
    return snprintf(buf, size, shift ? "%si%+td" : "%si", factor, shift);
}

/* Counted from 1, output i starts at jump*i + this. */
static ptrdiff_t shift_of(const struct tmk_field *field)
{
    return field->start + 1 - (ptrdiff_t)field->jump;
}

char *tmk_range_formula(const struct tmk_receptive *receptive, int layer, enum tmk_axis axis,
                        char buf[TMK_RANGE_MAX])
{
    const struct tmk_field *field = &receptive->fields.of[layer][axis];
    char low[48], high[48];
    put_term(low, sizeof low, field->jump, shift_of(field));
    put_term(high, sizeof high, field->jump, shift_of(field) + (ptrdiff_t)field->size - 1);
    snprintf(buf, TMK_RANGE_MAX, "max(1,%s)..min(%zu,%s)", low,
             tmk_layer_extent(&receptive->fields.net->layers[0], axis), high);
    return buf;
}

enum tmk_status tmk_range_exact(const struct tmk_receptive *receptive, int layer,
                                enum tmk_axis axis, size_t index, struct tmk_range *out)
{
    const struct tmk_field *field = &receptive->fields.of[layer][axis];
    size_t extent = tmk_layer_extent(&receptive->fields.net->layers[0], axis);
    unsigned char *reached = malloc(extent);
    if (!reached)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu marks", extent);
    enum tmk_status status = tmk_reach_exact(&receptive->fields, layer, axis, index, reached);
    *out = (struct tmk_range){0};
    for (size_t i = 0; status == TMK_OK && i < extent; i++) {
        if (!reached[i])
            continue;
        out->first = out->count ? out->first : i + 1;
        out->last = i + 1;
        out->count++;
    }
    free(reached);
    ptrdiff_t low = field->start + 1 + (ptrdiff_t)(index * field->jump);
    ptrdiff_t high = low + (ptrdiff_t)field->size - 1;
    out->as_formula = out->count && out->first == (size_t)TMK_MAX(low, 1) &&
                      out->last == (size_t)TMK_MIN(high, (ptrdiff_t)extent) &&
                      out->count == out->last - out->first + 1;
    return status;
}

static enum tmk_status add_range(struct tmk_table *table, const struct tmk_receptive *receptive,
                                 int layer, enum tmk_axis axis, size_t index, bool tell_index)
{
    struct tmk_range range;
    char which[32] = "", holes[32] = "";
    if (index >= tmk_layer_extent(&receptive->fields.net->layers[layer], axis)) {
        tmk_table_cell(table, "-");
        return TMK_OK;
    }
    TMK_TRY(tmk_range_exact(receptive, layer, axis, index, &range));
    if (tell_index)
        snprintf(which, sizeof which, "%zu: ", index + 1);
    if (range.count != range.last - range.first + 1)
        snprintf(holes, sizeof holes, " (%zu)", range.count);
    if (range.count)
        tmk_table_cell(table, "%s%zu..%zu%s%s", which, range.first, range.last, holes,
                       range.as_formula || *holes ? "" : "*");
    else
        tmk_table_cell(table, "%spadding", which);
    return TMK_OK;
}

/* "3x3 s2 p1 d2": what is not the default */
static void add_window(struct tmk_table *table, const struct tmk_layer *l)
{
    struct tmk_taps taps;
    char stride[48] = "", padding[48] = "", dilation[48] = "";
    if (l->sh != 1 || l->sw != 1)
        snprintf(stride, sizeof stride, l->sh == l->sw ? " s%zu" : " s%zux%zu", l->sh, l->sw);
    if (l->ph || l->pw)
        snprintf(padding, sizeof padding, l->ph == l->pw ? " p%zu" : " p%zux%zu", l->ph, l->pw);
    if (l->dh != 1 || l->dw != 1)
        snprintf(dilation, sizeof dilation, l->dh == l->dw ? " d%zu" : " d%zux%zu", l->dh, l->dw);
    if (!tmk_layer_taps(l, TMK_ROWS, &taps))
        tmk_table_cell(table, "%s", tmk_layer_kind_name[l->kind]);
    else
        tmk_table_cell(table, "%zux%zu%s%s%s", l->kh, l->kw, stride, padding, dilation);
}

static enum tmk_status add_row(struct tmk_table *table, const struct tmk_receptive *receptive,
                               int layer, enum tmk_axis axis)
{
    const struct tmk_layer *l = &receptive->fields.net->layers[layer];
    const struct tmk_field *field = &receptive->fields.of[layer][axis];
    size_t extent = tmk_layer_extent(l, axis);
    char formula[TMK_RANGE_MAX];
    tmk_table_cell(table, "%s", l->name);
    add_window(table, l);
    tmk_table_cell(table, "%zu", extent);
    tmk_table_cell(table, "%zu", field->size);
    tmk_table_cell(table, "%zu", field->jump);
    tmk_table_cell(table, "%td", field->start + 1);
    tmk_table_cell(table, "%s", tmk_range_formula(receptive, layer, axis, formula));
    TMK_TRY(add_range(table, receptive, layer, axis, 0, false));
    TMK_TRY(add_range(table, receptive, layer, axis, 1, false));
    TMK_TRY(add_range(table, receptive, layer, axis, (extent - 1) / 2, true));
    return add_range(table, receptive, layer, axis, extent - 1, true);
}

static enum tmk_status print_axis(const struct tmk_receptive *receptive, enum tmk_axis axis)
{
    char outputs[32], reads[48];
    snprintf(outputs, sizeof outputs, "%ss", axis_name[axis]);
    snprintf(reads, sizeof reads, "%s i reads", axis_name[axis]);
    const struct tmk_column columns[] = {{"layer", false}, {"window", false}, {outputs, true},
                                         {"field", true},  {"jump", true},    {"offset", true},
                                         {reads, false},   {"i = 1", true},   {"2", true},
                                         {"middle", true}, {"last", true}};
    struct tmk_table table = TMK_TABLE(columns);
    enum tmk_status status = TMK_OK;
    for (int i = 0; i < receptive->nlisted && status == TMK_OK; i++)
        status = add_row(&table, receptive, receptive->listed[i], axis);
    enum tmk_status printed = tmk_table_print(&table, stdout, false);
    return status == TMK_OK ? printed : status;
}

/* A convolution without groups on the way mixes all channels. */
static bool mixes_channels(const struct tmk_receptive *receptive)
{
    for (int i = 0; i < receptive->fields.npath; i++)
        if (receptive->fields.net->layers[receptive->fields.path[i]].kind == TMK_LAYER_CONV)
            return true;
    return false;
}

enum tmk_status tmk_receptive_print(const struct tmk_receptive *receptive)
{
    const struct tmk_net *net = receptive->fields.net;
    const struct tmk_layer *image = &net->layers[0];
    printf("%s on %zux%zux%zu%s\n\n", net->name, image->oc, image->oh, image->ow,
           receptive->alike ? ", columns as rows" : "");
    TMK_TRY(print_axis(receptive, TMK_ROWS));
    if (!receptive->alike) {
        printf("\n");
        TMK_TRY(print_axis(receptive, TMK_COLUMNS));
    }
    printf("\n");
    if (receptive->stack && mixes_channels(receptive))
        printf("After a convolution every channel depends on channels 1..%zu.\n", image->oc);
    if (!receptive->stack)
        printf("What follows %s sees the whole image.\n", net->layers[receptive->fields.last].name);
    return TMK_OK;
}

enum tmk_status tmk_receptive_write_csv(const struct tmk_receptive *receptive, FILE *file)
{
    static const struct tmk_column columns[] = {
        {"layer", false},         {"window", false},      {"rows", true},
        {"columns", true},        {"field_rows", true},   {"field_columns", true},
        {"jump_rows", true},      {"jump_columns", true}, {"offset_rows", true},
        {"offset_columns", true}, {"row_i_reads", false}, {"column_i_reads", false}};
    struct tmk_table table = TMK_TABLE(columns);
    for (int i = 0; i < receptive->nlisted; i++) {
        int layer = receptive->listed[i];
        const struct tmk_layer *l = &receptive->fields.net->layers[layer];
        const struct tmk_field *of = receptive->fields.of[layer];
        char formula[TMK_RANGE_MAX];
        tmk_table_cell(&table, "%s", l->name);
        add_window(&table, l);
        tmk_table_cell(&table, "%zu", l->oh);
        tmk_table_cell(&table, "%zu", l->ow);
        for (int axis = 0; axis < TMK_NAXES; axis++)
            tmk_table_cell(&table, "%zu", of[axis].size);
        for (int axis = 0; axis < TMK_NAXES; axis++)
            tmk_table_cell(&table, "%zu", of[axis].jump);
        for (int axis = 0; axis < TMK_NAXES; axis++)
            tmk_table_cell(&table, "%td", of[axis].start + 1);
        for (enum tmk_axis axis = 0; axis < TMK_NAXES; axis++)
            tmk_table_cell(&table, "%s", tmk_range_formula(receptive, layer, axis, formula));
    }
    return tmk_table_print(&table, file, true);
}

enum tmk_status tmk_receptive_print_plot(const struct tmk_receptive *receptive)
{
    size_t points = (size_t)receptive->nlisted + 1;
    double *values = calloc(3 * points, sizeof *values);
    if (!values)
        return tmk_fail(TMK_ENOMEM, "no memory for %zu points", points);
    double *x = values, *rows = values + points, *columns = rows + points;
    rows[0] = columns[0] = 1;
    for (size_t i = 1; i < points; i++) {
        const struct tmk_field *of = receptive->fields.of[receptive->listed[i - 1]];
        x[i] = (double)i;
        rows[i] = (double)of[TMK_ROWS].size;
        columns[i] = (double)of[TMK_COLUMNS].size;
    }
    const char *const names[] = {receptive->alike ? "rows and columns" : "rows", "columns"};
    const double *const y[] = {rows, columns};
    const struct tmk_text_plot plot = {.title = "Receptive field by layer",
                                       .x_label = "layer",
                                       .y_label = "",
                                       .nseries = receptive->alike ? 1 : 2,
                                       .names = names,
                                       .points = points,
                                       .x = x,
                                       .y = y};
    enum tmk_status status = tmk_plot_text(&plot);
    free(values);
    return status;
}
