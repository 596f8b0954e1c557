#include "roofline.h"

#include "stats.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

/* Append to a text of bounded size. */
static void add(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(char *buf, size_t size, const char *format, ...)
{
    size_t used = 0;
    while (used < size && buf[used])
        used++;
    va_list args;
    va_start(args, format);
    vsnprintf(buf + used, size - used, format, args);
    va_end(args);
}

static int decimals(double percent)
{
    return percent < 9.95 ? 1 : 0;
}

static size_t nearest_to_roof(const struct tmk_roofline_part *part)
{
    size_t best = 0;
    for (size_t i = 1; i < part->nimpls; i++) {
        if (part->median[i] > part->median[best])
            best = i;
    }
    return best;
}

void tmk_roofline_say_heading(const struct tmk_roofline_part *part, char *buf, size_t size)
{
    size_t best = nearest_to_roof(part);
    buf[0] = '\0';
    add(buf, size, "%s reaches %.*f %% of its roof in the median", part->impls[best],
        decimals(part->median[best]), part->median[best]);
    if (best != 0)
        add(buf, size, ", %s %.*f %%", part->impls[0], decimals(part->median[0]), part->median[0]);
}

void tmk_roofline_say(const struct tmk_roofline_part *part, char *buf, size_t size)
{
    buf[0] = '\0';
    add(buf, size,
        "On %d thread%s, the median share of the own roof (lowest to highest): ", part->threads,
        part->threads == 1 ? "" : "s");
    for (size_t i = 0; i < part->nimpls; i++)
        add(buf, size, "%s%s %.*f %% (%.*f to %.*f)", i ? ", " : "", part->impls[i],
            decimals(part->median[i]), part->median[i], decimals(part->min[i]), part->min[i],
            decimals(part->max[i]), part->max[i]);
    add(buf, size, ". Of %zu points", part->count);
    const char *gap = "";
    for (int ceiling = TMK_ROOF_COMPUTE; ceiling >= 0; ceiling--) {
        if (part->under[ceiling] > 0) {
            add(buf, size, "%s %zu %s under %s", gap, part->under[ceiling],
                part->under[ceiling] == 1 ? "is" : "are", tmk_roof_name(ceiling));
            gap = ",";
        }
    }
    add(buf, size, ".");
}

bool tmk_roofline_say_columns(const struct tmk_roofline *roofline, char *buf, size_t size)
{
    double *factors = calloc(roofline->count + 1, sizeof *factors);
    size_t count = 0;
    for (size_t i = 0; factors && i < roofline->count; i++) {
        const struct tmk_roofline_point *point = &roofline->points[i];
        if (point->extra_bytes > 0)
            factors[count++] = point->least.intensity / point->own.intensity;
    }
    struct tmk_summary summary = tmk_summarise(factors, count);
    free(factors);
    if (count == 0)
        return false;
    snprintf(buf, size,
             "Writing the columns of im2col and reading them again makes a call move %.1f times "
             "the bytes of its operands in the median (%.3g to %.3g times): the hollow points "
             "stand that much further left, under a lower roof.",
             summary.median, summary.min, summary.max);
    return true;
}
