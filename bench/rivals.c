#include "rivals.h"

#include "ceilings.h"
#include "table.h"

#include <math.h>
#include <string.h>

#define PEAK_ROUNDS 6

static bool is_chosen(const struct tmk_selection *selection, int peer)
{
    static const char *const onednn[] = {"onednn", "onednn_any", "onednn_winograd"};
    if (!selection)
        return true;
    for (size_t i = 0; peer == TMK_PEER_ONEDNN && i < sizeof onednn / sizeof *onednn; i++) {
        if (tmk_select_has_impl(selection, onednn[i]))
            return true;
    }
    return tmk_select_has_impl(selection, tmk_peer_name[peer]) ||
           tmk_select_has_impl(selection, tmk_peer_im2col_name[peer]);
}

void tmk_rivals_look(const struct tmk_selection *selection, bool measure, struct tmk_rivals *out)
{
    *out = (struct tmk_rivals){.count = 0};
    for (int peer = 0; peer < TMK_PEERS && tmk_peer_name[peer][0]; peer++) {
        if (!is_chosen(selection, peer))
            continue;
        struct tmk_rival *rival = &out->list[out->count++];
        *rival = (struct tmk_rival){.peer = peer, .refusal = tmk_peer_refusal(peer)};
        rival->facts = tmk_peer_facts(peer);
        if (rival->refusal || !measure)
            continue;
        rival->peak = tmk_peak_gflops(tmk_isa(), false, 1, PEAK_ROUNDS);
        rival->gflops = tmk_peer_gflops(peer);
        rival->peak = fmax(rival->peak, tmk_peak_gflops(tmk_isa(), false, 1, PEAK_ROUNDS));
    }
}

void tmk_rivals_warn(const struct tmk_rivals *rivals)
{
    for (size_t i = 0; i < rivals->count; i++) {
        const struct tmk_rival *rival = &rivals->list[i];
        if (rival->peak > 0 && rival->gflops < TMK_PEER_CRIPPLED * rival->peak)
            tmk_cli_warn("%s looks crippled: %.0f of %.0f GFLOP/s at 512x512x512 with its kernels "
                         "\"%s\": if the machine is idle, choose others or another build of it",
                         tmk_peer_name[rival->peer], rival->gflops, rival->peak,
                         rival->facts->kernel);
    }
}

static void add_row(struct tmk_table *table, const struct tmk_rival *rival, bool measured)
{
    const struct tmk_peer_facts *facts = rival->facts;
    tmk_table_cell(table, "%s", tmk_peer_name[rival->peer]);
    tmk_table_cell(table, "%s", facts->version);
    if (measured) {
        tmk_table_cell(table, "%.1f", rival->gflops);
        tmk_table_cell(table, "%.0f", 100 * rival->gflops / rival->peak);
    }
    if (facts->setting[0])
        tmk_table_cell(table, "%s (%s)", facts->kernel, facts->setting);
    else
        tmk_table_cell(table, "%s", facts->kernel[0] ? facts->kernel : "unknown");
    tmk_table_cell(table, "%s", facts->threading);
    tmk_table_cell(table, "%s", facts->path);
}

static bool were_measured(const struct tmk_rivals *rivals)
{
    for (size_t i = 0; i < rivals->count; i++) {
        if (rivals->list[i].peak > 0)
            return true;
    }
    return false;
}

enum tmk_status tmk_rivals_print(const struct tmk_rivals *rivals)
{
    static const struct tmk_column plain[] = {{"library", false},
                                              {"version", false},
                                              {"kernels", false},
                                              {"threads", false},
                                              {"path", false}};
    static const struct tmk_column with_rates[] = {
        {"library", false}, {"version", false}, {"GFLOP/s", true}, {"% peak", true},
        {"kernels", false}, {"threads", false}, {"path", false}};
    const bool measured = were_measured(rivals);
    struct tmk_table table = TMK_TABLE(plain);
    if (measured)
        table = (struct tmk_table)TMK_TABLE(with_rates);
    for (size_t i = 0; i < rivals->count; i++) {
        if (rivals->list[i].facts)
            add_row(&table, &rivals->list[i], measured);
    }
    if (table.ncells > 0)
        TMK_TRY(tmk_table_print(&table, stdout, false));
    for (size_t i = 0; i < rivals->count; i++) {
        const struct tmk_rival *rival = &rivals->list[i];
        if (rival->refusal)
            printf("%s: %s\n", tmk_peer_name[rival->peer], rival->refusal);
    }
    return TMK_OK;
}

static void set_rate(json_t *object, const char *name, double rate)
{
    if (rate > 0)
        json_object_set_new(object, name, json_real(round(rate * 10) / 10));
}

json_t *tmk_rivals_json(const struct tmk_rivals *rivals)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rivals->count; i++) {
        const struct tmk_rival *rival = &rivals->list[i];
        const struct tmk_peer_facts *facts = rival->facts;
        if (!facts)
            continue;
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", tmk_peer_name[rival->peer],
                      "version", facts->version, "path", facts->path, "kernel", facts->kernel,
                      "setting", facts->setting, "threading", facts->threading);
        set_rate(object, "gflops_512", rival->gflops);
        set_rate(object, "fma_gflops", rival->peak);
        json_array_append_new(array, object);
    }
    return array;
}
