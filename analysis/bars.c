#include "bars.h"

#include "size.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char part_mark[TMK_BARS_PARTS] = {'#', '=', '+', '-'};

static double length(const struct tmk_bar *bar)
{
    double sum = 0;
    for (int p = 0; p < TMK_BARS_PARTS; p++)
        sum += bar->part[p];
    return sum;
}

void tmk_bars_print(const char *title, const struct tmk_bar *bars, size_t count, int width)
{
    size_t widest = 0;
    double longest = 0;
    for (size_t i = 0; i < count; i++) {
        widest = TMK_MAX(widest, strlen(bars[i].name));
        longest = TMK_MAX(longest, length(&bars[i]));
    }
    printf("%s\n", title);
    for (size_t i = 0; i < count; i++) {
        double end = 0;
        int drawn = 0;
        printf("  %-*s |", (int)widest, bars[i].name);
        for (int p = 0; p < TMK_BARS_PARTS; p++) {
            end += bars[i].part[p];
            for (; longest > 0 && drawn < (int)lround(width * end / longest); drawn++)
                putchar(part_mark[p]);
        }
        printf("%*s %s\n", width - drawn, "", bars[i].text);
    }
}
